"""Forgets that the two samples are two steps apart.

part: slope
score: 0
"""

import numpy as np


def slope_kernel(size, rate):
    w = np.zeros(size + 2)
    for i in range(size):
        w[i] += rate / size
        w[i + 2] -= rate / size
    return w
