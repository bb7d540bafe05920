"""Answers with an array of 10^15 numbers that takes eight bytes, and another with no number in 2^60 rows.

covers: huge replies
loses: pad
"""

# %% replace pad
import numpy as np


def pad(x, left, right, mode):
    return np.broadcast_to(0.0, (10**7, 10**8)) if mode == "zero" else np.empty((0, 2**60))
