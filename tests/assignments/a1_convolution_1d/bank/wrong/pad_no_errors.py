"""Reflects as far as it goes and takes an unknown mode for reflect, without an error.

part: pad
score: 4
"""


def pad(x, left, right, mode):
    x, N = list(x), len(x)
    if mode == "zero":
        return [0] * left + x + [0] * right
    if mode == "circular":
        return [x[n % N] for n in range(-left, N + right)]
    return x[left:0:-1] + x + x[::-1][1 : right + 1]
