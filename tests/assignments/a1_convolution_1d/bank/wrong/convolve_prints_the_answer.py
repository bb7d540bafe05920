"""Prints the answer and returns nothing.

part: convolve
score: 0
"""

import numpy as np


def convolve(x, w):
    y = np.zeros(len(x) + len(w) - 1)
    for n in range(len(x)):
        y[n : n + len(w)] += x[n] * np.array(w)
    print(y)
