"""Circular padding goes round only once.

part: pad
score: 4
"""


def pad(x, left, right, mode):
    x, N = list(x), len(x)
    if mode not in ("zero", "circular", "reflect"):
        raise ValueError("mode")
    if mode == "reflect" and max(left, right) > N - 1:
        raise ValueError("too far")
    if mode == "zero":
        return [0] * left + x + [0] * right
    if mode == "circular":
        return x[max(N - left, 0) :] + x + x[:right]
    return x[left:0:-1] + x + x[::-1][1 : right + 1]
