"""Same takes the first N entries.

part: crop
score: 0
"""


def crop(y, N, K, mode):
    if mode == "same":
        return y[:N]
    return y[K - 1 : max(N, K - 1)]
