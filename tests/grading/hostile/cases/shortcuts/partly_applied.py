"""Keeps the library's correlation in a closure and in functools.partial.

covers: calling a library's conv
loses: convolve correlate
"""

# %% top
import functools

import numpy as np

hidden_away = functools.partial(np.correlate, mode="full")


# %% replace convolve
def made():
    tool = functools.partial(np.convolve, mode="full")
    return lambda x, w: tool(x, w)


inner = made()


def convolve(x, w):
    return inner(x, w)


# %% replace correlate
def flip(w):
    return list(w)[::-1]


def correlate(x, w):
    return hidden_away(x, w)
