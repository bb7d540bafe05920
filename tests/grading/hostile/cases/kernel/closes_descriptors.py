"""Closes every descriptor that the kernel has.

covers: closing all descriptors
"""

# %% top
import os

os.closerange(0, 4096)
