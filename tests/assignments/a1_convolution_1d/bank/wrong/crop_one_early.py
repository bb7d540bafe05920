"""Valid begins one entry too early.

part: crop
score: 0
"""


def crop(y, N, K, mode):
    if mode == "same":
        return y[(K - 1) // 2 : (K - 1) // 2 + N]
    return y[max(K - 2, 0) : max(N, K - 1)]
