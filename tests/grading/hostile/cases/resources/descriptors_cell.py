"""A cell opens files until no more can be had, and keeps them.

covers: descriptors
"""

# %% top
from contextlib import suppress

hoard = []
with suppress(OSError):
    for _ in range(100_000):
        hoard.append(open("/dev/null"))
