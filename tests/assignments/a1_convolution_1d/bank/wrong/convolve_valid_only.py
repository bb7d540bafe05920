"""Only the positions where the kernel lies inside the signal.

part: convolve
score: 0
"""


def convolve(x, w):
    K = len(w)
    return [sum(x[n + K - 1 - k] * w[k] for k in range(K)) for n in range(len(x) - K + 1)]
