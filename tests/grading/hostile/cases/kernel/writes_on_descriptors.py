"""Writes noise on every descriptor that the kernel has.

covers: raw bytes
"""

# %% top
import os
from contextlib import suppress

for descriptor in range(3, 256):
    with suppress(OSError):
        os.set_blocking(descriptor, False)
        os.write(descriptor, b"\xff" * 1000)
