"""Convolves the mean with [1, -1], the difference of neighbours.

part: slope
score: 0
"""

import numpy as np


def slope_kernel(size, rate):
    return np.convolve(np.ones(size) / size, [rate, -rate])
