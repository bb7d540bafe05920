"""Slides the signal along the kernel: the answer comes out back to front.

part: correlate
score: 0
"""


def correlate(x, w):
    N, K = len(x), len(w)
    return [sum(w[m + k] * x[k] for k in range(N) if 0 <= m + k < K) for m in range(-(N - 1), K)]
