"""Multiplies polynomials, which is np.convolve in disguise.

part: convolve
score: 0
"""

import numpy as np


def convolve(x, w):
    return np.polymul(x, w)
