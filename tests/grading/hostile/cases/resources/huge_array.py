"""The function asks for more memory than any machine has.

covers: huge array
loses: challenge
"""

# %% replace challenge
import numpy as np


def find_beats(recording, clean):
    return np.ones(1 << 45)
