"""Counts N + K - 2 outputs: the last one is missing.

part: convolve
score: 0
"""


def convolve(x, w):
    return [
        sum(x[n - k] * w[k] for k in range(len(w)) if 0 <= n - k < len(x)) for n in range(len(x) + len(w) - 2)
    ]
