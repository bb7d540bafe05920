"""y[0:-0] is empty: a kernel of one number leaves nothing.

part: crop
score: 2
"""


def crop(y, N, K, mode):
    if mode == "same":
        return y[(K - 1) // 2 : (K - 1) // 2 + N]
    return y[K - 1 : -(K - 1)] if K <= N else y[:0]
