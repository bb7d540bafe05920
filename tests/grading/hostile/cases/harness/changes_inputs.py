"""Overwrites what it was given, so that right and wrong look the same afterwards.

covers: changing test inputs in place
loses: pad
"""

# %% replace pad
import numpy as np


def pad(x, left, right, mode):
    if isinstance(x, np.ndarray):
        x.flags.writeable = True
        x[...] = 0
    else:
        x[:] = [0] * len(x)
    return np.zeros(len(x) + left + right)
