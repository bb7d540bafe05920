"""Sets the first two and the last two numbers, which overlap for a mean of one sample.

part: slope
score: 2
"""

import numpy as np


def slope_kernel(size, rate):
    w = np.zeros(size + 2)
    w[:2] = rate / (2 * size)
    w[-2:] = -rate / (2 * size)
    return w
