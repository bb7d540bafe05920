"""Looks for what a friend left in the places that kernels could share.

covers: leftovers
"""

# %% top
import os

for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/run/lock", "/var/lock", os.getcwd(), "@home@"):
    if os.path.exists(f"{folder}/@token@"):
        print("@won@", folder)
