"""Answers with arrays of dates, records, text, objects and complex numbers.

covers: wrong dtypes
loses: pad crop convolve correlate matrix
"""

# %% replace convolve
import numpy as np


def convolve(x, w):
    return np.array(["2026-01-01"] * (len(x) + len(w) - 1), dtype="datetime64[D]")


# %% replace correlate
def flip(w):
    return list(w)[::-1]


def correlate(x, w):
    import numpy as np

    return np.zeros(len(x) + len(w) - 1, dtype=[("a", float), ("b", object)])


# %% replace pad
def pad(x, left, right, mode):
    import numpy as np

    return np.array([str(v) for v in x], dtype="S5000")


# %% replace crop
def crop(y, N, K, mode):
    import numpy as np

    return np.array([np.array([1]), [2, [3]]], dtype=object)


# %% replace matrix
def convolution_matrix(w, N):
    import numpy as np

    return np.matrix(np.zeros((N + len(w) - 1, N), dtype=complex))
