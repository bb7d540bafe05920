"""Keeps the library's convolution in a default argument.

covers: calling a library's conv
loses: convolve
"""

# %% replace convolve
import numpy as np


def convolve(x, w, library=(np.convolve,)):
    return library[0](x, w)
