"""The kernel comes back in at the top: a square matrix for signals that repeat.

part: matrix
score: 0
"""

import numpy as np


def convolution_matrix(w, N):
    T = np.zeros((N, N))
    for n in range(N):
        for k in range(len(w)):
            T[(n + k) % N, n] += w[k]
    return T
