"""A cell ends Python on the spot.

covers: os._exit
says: died|ended|exit
"""

# %% top
import os

os._exit(0)
