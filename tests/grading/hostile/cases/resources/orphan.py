"""Leaves a grandchild behind that has a session of its own and sleeps.

covers: orphan by setsid
"""

# %% top
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(3600)
    os._exit(0)
os.wait()
