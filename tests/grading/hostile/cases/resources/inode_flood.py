"""Makes empty files until no more can be had.

covers: inode flood
"""

# %% top
import os
from contextlib import suppress

for folder in (os.getcwd(), "/tmp", "/dev/shm"):
    with suppress(OSError):
        for i in range(100_000):
            os.close(os.open(f"{folder}/{i}", os.O_CREAT))
