"""Writes modules named like those of the standard library into its folder, for whoever imports next.

covers: shadow modules
"""

# %% top
import os
import sys

for name in ("json", "socket", "numpy", "struct", "random", "statistics", "sndhdr", "this"):
    with open(f"{name}.py", "w") as stream:
        stream.write("raise SystemExit('@token@')\n")
sys.path.insert(0, os.getcwd())
