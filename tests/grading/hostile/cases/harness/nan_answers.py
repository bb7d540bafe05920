"""Answers with nan and infinity, which compare oddly.

covers: nan/inf
loses: pad
"""

# %% replace pad
import numpy as np


def pad(x, left, right, mode):
    return np.full(len(x) + left + right, np.nan if mode == "zero" else np.inf)
