"""Multiplies polynomials, which is convolving.

covers: calling a library's conv
loses: convolve
"""

# %% replace convolve
import numpy as np

multiply = np.polymul
pad_zeros = np.polynomial.polynomial.polymul


def convolve(x, w):
    return (np.poly1d([1, *x]) * np.poly1d([1])).coeffs[1:] if len(w) == 0 else multiply(x, w)
