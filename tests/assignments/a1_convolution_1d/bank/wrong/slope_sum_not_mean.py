"""Smooths with a sum in place of a mean.

part: slope
score: 0
"""

import numpy as np


def slope_kernel(size, rate):
    w = np.zeros(size + 2)
    for i in range(size):
        w[i] += rate / 2
        w[i + 2] -= rate / 2
    return w
