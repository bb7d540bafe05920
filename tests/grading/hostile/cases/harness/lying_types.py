"""Answers with an object that says it is a number, and another that says it is an array.

covers: __eq__
loses: pad
"""

# %% replace pad
import numpy as np


class Liar:
    def __init__(self, kind):
        self.kind = kind

    @property
    def __class__(self):
        return self.kind

    def __eq__(self, other):
        return True

    __hash__ = None
    dtype = np.dtype(float)


def pad(x, left, right, mode):
    return Liar({"zero": np.ndarray, "circular": list}.get(mode, float))
