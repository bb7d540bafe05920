"""Negative indices reach the end of the signal, so that the signal repeats.

part: convolve
score: 0
"""


def convolve(x, w):
    return [sum(x[(n - k) % len(x)] * w[k] for k in range(len(w))) for n in range(len(x) + len(w) - 1)]
