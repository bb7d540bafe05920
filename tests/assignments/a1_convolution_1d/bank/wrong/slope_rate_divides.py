"""Divides by the rate.

part: slope
score: 0
"""

import numpy as np


def slope_kernel(size, rate):
    w = np.zeros(size + 2)
    for i in range(size):
        w[i] += 1 / (2 * size * rate)
        w[i + 2] -= 1 / (2 * size * rate)
    return w
