"""Slides the signal along the kernel: the answer comes out back to front.

part: correlate
score: 0
"""


def correlate(x, w):
    return [
        sum(w[m + k] * x[k] for k in range(len(x)) if 0 <= m + k < len(w))
        for m in range(-(len(x) - 1), len(w))
    ]
