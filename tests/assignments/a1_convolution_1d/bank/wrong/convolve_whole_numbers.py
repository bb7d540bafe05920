"""Keeps the result in an array of the signal's type, which cuts fractions off.

part: convolve
score: 0
"""

import numpy as np


def convolve(x, w):
    x = np.array(x)
    y = np.zeros(len(x) + len(w) - 1, dtype=x.dtype)
    for n in range(len(y)):
        for k in range(len(w)):
            if 0 <= n - k < len(x):
                y[n] += (x[n - k] * w[k]).astype(x.dtype)
    return y
