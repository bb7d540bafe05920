"""x[-0:] is the whole signal: nothing to add on the left adds everything.

part: pad
score: 4
"""


def pad(x, left, right, mode):
    x, N = list(x), len(x)
    if mode == "zero":
        return [0] * left + x + [0] * right
    if mode == "circular":
        if left > N or right > N:
            return [x[n % N] for n in range(-left, N + right)]
        return x[-left:] + x + x[:right]
    if mode == "reflect" and max(left, right) <= N - 1:
        return [x[n] for n in range(left, 0, -1)] + x + [x[-2 - n] for n in range(right)]
    raise ValueError("impossible")
