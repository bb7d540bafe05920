"""Adds zeros whatever the mode.

part: pad
score: 0
"""


def pad(x, left, right, mode):
    return [0] * left + list(x) + [0] * right
