"""Writes the difference as if the kernel were not flipped: climbing gets a negative slope.

part: slope
score: 0
"""

import numpy as np


def slope_kernel(size, rate):
    w = np.zeros(size + 2)
    for i in range(size):
        w[i] += -rate / (2 * size)
        w[i + 2] -= -rate / (2 * size)
    return w
