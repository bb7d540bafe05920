"""Draws as many diagonals as there are columns, too few for longer kernels.

part: matrix
score: 3
"""

import numpy as np


def convolution_matrix(w, N):
    return sum(w[k] * np.eye(N + len(w) - 1, N, -k) for k in range(min(len(w), N)))
