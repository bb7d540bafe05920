"""Flips the kernel: convolution.

part: correlate
score: 0
"""

import numpy as np


def correlate(x, w):
    r = np.zeros(len(x) + len(w) - 1)
    for n in range(len(x)):
        r[n : n + len(w)] += x[n] * np.array(w)
    return r
