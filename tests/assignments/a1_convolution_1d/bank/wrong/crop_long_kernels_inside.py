"""For a kernel longer than the signal, takes where the signal lies inside the kernel.

part: crop
score: 2
"""


def crop(y, N, K, mode):
    if mode == "same":
        return y[(K - 1) // 2 : (K - 1) // 2 + N]
    return y[min(N, K) - 1 : max(N, K)]
