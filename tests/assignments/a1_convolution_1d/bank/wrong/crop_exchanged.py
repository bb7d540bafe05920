"""Same and valid are exchanged.

part: crop
score: 0
"""


def crop(y, N, K, mode):
    if mode == "same":
        return y[K - 1 : max(N, K - 1)]
    return y[(K - 1) // 2 : (K - 1) // 2 + N]
