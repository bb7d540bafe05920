"""Lets NumPy do it.

part: convolve
score: 0
"""

import numpy as np


def convolve(x, w):
    return np.convolve(x, w)
