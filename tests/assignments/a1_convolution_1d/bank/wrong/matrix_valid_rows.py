"""Only the rows where the kernel lies inside the signal.

part: matrix
score: 0
"""

import numpy as np


def convolution_matrix(w, N):
    K = len(w)
    T = np.zeros((max(N - K + 1, 0), N))
    for row in range(len(T)):
        T[row, row : row + K] = w[::-1]
    return T
