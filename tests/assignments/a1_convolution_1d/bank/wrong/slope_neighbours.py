"""Takes the difference of neighbours.

part: slope
score: 0
"""

import numpy as np


def slope_kernel(size, rate):
    w = np.zeros(size + 2)
    w[0], w[size] = rate / size, -rate / size
    return w
