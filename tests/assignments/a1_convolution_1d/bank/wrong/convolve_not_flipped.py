"""Slides the kernel without flipping it: cross-correlation.

part: convolve
score: 0
"""

import numpy as np


def convolve(x, w):
    around = np.concatenate([np.zeros(len(w) - 1), x, np.zeros(len(w) - 1)])
    return [around[n : n + len(w)] @ np.asarray(w) for n in range(len(x) + len(w) - 1)]
