"""Calls the C function that the library's convolution stands on.

covers: calling a library's conv
loses: convolve
"""

# %% replace convolve
import numpy as np
from numpy._core import multiarray

core = multiarray.correlate


def convolve(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    return core(x, w[::-1], 2) if len(x) >= len(w) else core(w, x[::-1], 2)
