"""Leaves a startup file for IPython, which would run in the kernels of all who come after.

covers: ~/.ipython
"""

# %% top
import os
from contextlib import suppress

for home in (os.path.expanduser("~"), "@home@", "/root"):
    folder = f"{home}/.ipython/profile_default/startup"
    with suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/00-@token@.py", "w") as stream:
            stream.write("print('@won@')\n")
