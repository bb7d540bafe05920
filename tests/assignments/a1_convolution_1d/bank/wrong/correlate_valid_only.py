"""Only the positions where the kernel lies inside the signal.

part: correlate
score: 0
"""


def correlate(x, w):
    return [sum(x[m + k] * w[k] for k in range(len(w))) for m in range(len(x) - len(w) + 1)]
