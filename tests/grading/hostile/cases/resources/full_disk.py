"""Writes until every place that it can write to is full.

covers: full disk
"""

# %% top
import os
from contextlib import suppress

for folder in (os.getcwd(), "/tmp", "/dev/shm", "/run", os.path.expanduser("~")):
    for i in range(40):
        with suppress(OSError), open(f"{folder}/full{i}", "wb", buffering=0) as stream:
            for _ in range(100):
                stream.write(b"x" * (1 << 20))
