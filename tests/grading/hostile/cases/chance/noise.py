"""Adds unseeded noise far below the tolerance: right, and never twice the same.

covers: unseeded randomness
"""

# %% after pad
import numpy as np

exact_crop = None


def noisy(function):
    def with_noise(*args):
        y = np.asarray(function(*args), dtype=float)
        return y + 1e-9 * np.random.default_rng().normal(size=y.shape)

    return with_noise


pad = noisy(pad)
convolve = noisy(convolve)
