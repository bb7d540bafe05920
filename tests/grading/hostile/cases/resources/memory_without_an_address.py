"""Fills files that live in memory and are mapped nowhere, which a limit on address space does not see.

covers: huge array
stock: 2 GB of this machine's memory
"""

# %% top
import os
from contextlib import suppress

files, taken = [], 0
with suppress(OSError):
    while taken < 2 << 30:
        files.append(os.memfd_create("hoard"))
        taken += sum(os.write(files[-1], bytes(1 << 24)) for _ in range(2))
if taken >= 2 << 30:
    print("@won@ took", taken)
