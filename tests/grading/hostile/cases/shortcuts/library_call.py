"""Calls the library's convolution under its own name.

covers: calling a library's conv
loses: convolve
"""

# %% replace convolve
import numpy as np


def convolve(x, w):
    return np.convolve(x, w)
