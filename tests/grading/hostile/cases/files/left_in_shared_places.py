"""Leaves files in every place that kernels could share, for a friend to find.

covers: leftovers
"""

# %% top
import mmap
import os
from contextlib import suppress

for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/run/lock", "/var/lock", os.getcwd(), "@home@"):
    with suppress(OSError), open(f"{folder}/@token@", "wb+") as stream:
        stream.write(b"the answers" * 500)
        stream.flush()
        shared = mmap.mmap(stream.fileno(), 4096)
