"""Puts itself before everybody else.

covers: nice
"""

# %% top
import os
from contextlib import suppress

with suppress(OSError):
    print("@won@ nice", os.nice(-5))
with suppress(OSError):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    print("@won@ scheduler")
