"""flip sorts the kernel, which turns some kernels round and others not.

part: correlate
score: 0
"""


def flip(w):
    return sorted(w, reverse=True)
