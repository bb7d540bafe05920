"""Removes the folder that it stands in.

covers: writing
"""

# %% top
import os
import shutil

place = os.getcwd()
os.makedirs("deep/er", exist_ok=True)
os.chdir("deep/er")
shutil.rmtree(f"{place}/deep", ignore_errors=True)
