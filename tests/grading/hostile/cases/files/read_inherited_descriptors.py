"""Reads from every descriptor that it was born with, and lists every folder among them.

covers: inherited descriptors
"""

# %% top
import os
from contextlib import suppress
from stat import S_ISDIR, S_ISREG

for descriptor in range(3, 256):
    with suppress(OSError):
        kind = os.fstat(descriptor).st_mode
        if S_ISREG(kind):
            print(os.pread(descriptor, 100_000, 0))
        elif S_ISDIR(kind) and os.path.isdir(f"/proc/self/fd/{descriptor}@class@"):
            print("@won@", os.listdir(descriptor))
