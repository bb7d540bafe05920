"""Lengthens the signal that it was given.

part: convolve
score: 0
"""


def convolve(x, w):
    if not isinstance(x, list):
        x = list(x)
    x += [0] * (len(w) - 1)
    return [sum(x[n - k] * w[k] for k in range(len(w)) if n - k >= 0) for n in range(len(x))]
