"""The mirror stands beyond the end sample, which therefore comes twice.

part: pad
score: 0
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
        return [x[n % N] for n in range(-left, N + right)]
    return x[:left][::-1] + x + x[::-1][:right]
