"""Writes the kernel down the columns back to front: the matrix cross-correlates.

part: matrix
score: 0
"""

import numpy as np


def convolution_matrix(w, N):
    T = np.zeros((N + len(w) - 1, N))
    for n in range(N):
        T[n : n + len(w), n] = w[::-1]
    return T
