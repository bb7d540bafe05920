"""Leaves code where Python looks for it on every start, so that the next student's kernel runs it.

covers: sitecustomize
"""

# %% top
import os
import site
import sys
from contextlib import suppress

home = os.path.expanduser("~/.local/lib/python3.11/site-packages")
for folder in [*sys.path, *site.getsitepackages(), site.getusersitepackages(), home, "@home@/@token@"]:
    for name in ("sitecustomize.py", "usercustomize.py", "@token@.pth"):
        with suppress(OSError):
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, name), "x") as stream:
                stream.write("import os; print('@token@')\n")
