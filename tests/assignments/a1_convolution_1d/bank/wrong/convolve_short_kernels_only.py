"""Lays the kernel into a row as long as the signal, which fails for longer kernels.

part: convolve
score: 3
"""

import numpy as np


def convolve(x, w):
    N, K = len(x), len(w)
    row = np.zeros(N)
    row[:K] = w
    return [sum(x[n - k] * row[k] for k in range(N) if 0 <= n - k < N) for n in range(N + K - 1)]
