"""Kills its parent, and whatever else it is allowed to.

covers: killing the parent
"""

# %% top
import os
import signal
from contextlib import suppress

for process in (os.getppid(), 1, 2, 3, 4, 5):
    if process > 0:
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)
