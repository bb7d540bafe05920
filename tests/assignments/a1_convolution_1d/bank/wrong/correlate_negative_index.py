"""Lets the index run below zero, where Python counts from the end.

part: correlate
score: 0
"""


def flip(w):
    return w[::-1]


def correlate(x, w):
    r = []
    for m in range(1 - len(w), len(x)):
        r.append(sum(x[m + k] * w[k] for k in range(len(w)) if -len(x) <= m + k < len(x)))
    return r
