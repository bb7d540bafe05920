"""Begins where the kernel begins inside the signal, at m = 0.

part: correlate
score: 0
"""


def correlate(x, w):
    return [sum(x[m + k] * w[k] for k in range(len(w)) if m + k < len(x)) for m in range(len(x))]
