"""Drops K // 2 entries at the front, one too many for even kernels.

part: crop
score: 0
"""


def crop(y, N, K, mode):
    if mode == "same":
        return y[K // 2 : K // 2 + N]
    return y[K - 1 : max(N, K - 1)]
