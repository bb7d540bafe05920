"""Is right, in extended precision, in the other byte order, and in a Fortran layout with gaps.

covers: wrong dtypes
"""

# %% before slope
import numpy as np

right_slope_kernel = slope_kernel


def slope_kernel(size, rate):
    return np.asarray(right_slope_kernel(size, rate)).astype(np.longdouble)


# %% before crop
right_crop = crop


def crop(y, N, K, mode):
    import numpy as np

    return np.asarray(right_crop(y, N, K, mode), float).astype(">f8")


# %% before matrix
right_matrix = convolution_matrix


def convolution_matrix(w, N):
    T = np.asarray(right_matrix(w, N), float)
    wide = np.zeros((2 * T.shape[0], 3 * T.shape[1]), order="F")
    wide[::2, ::3] = T
    return wide[::2, ::3]
