"""The function takes memory piece by piece, as fast as it can, and uses it.

covers: huge array
loses: challenge
"""

# %% replace challenge
import numpy as np


def find_beats(recording, clean):
    hoard = []
    while True:
        hoard.append(np.ones(1 << 22))
