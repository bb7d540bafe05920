"""Leaves eight children behind that do nothing, as fast as they can, each in a session of its own.

covers: orphan by setsid
"""

# %% top
import os

for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
