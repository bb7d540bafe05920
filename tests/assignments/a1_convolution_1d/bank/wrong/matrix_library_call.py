"""Lets SciPy do it.

part: matrix
score: 0
"""

import numpy as np


def convolution_matrix(w, N):
    from scipy.linalg import convolution_matrix as ready_made

    return ready_made(np.array(w), N)
