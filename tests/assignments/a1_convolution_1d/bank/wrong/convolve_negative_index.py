"""Lets the index run below zero, where Python counts from the end.

part: convolve
score: 0
"""


def convolve(x, w):
    y = []
    for n in range(len(x) + len(w) - 1):
        y.append(sum(x[n - k] * w[k] for k in range(len(w)) if -len(x) <= n - k < len(x)))
    return y
