"""Knows the answers to the tests that students can see, and nothing else.

covers: hard-coded answers
loses: convolve
"""

# %% replace convolve
known = {
    ((1, 2, 3), (4, 5)): [4, 13, 22, 15],
    ((0, 0, 1, 0), (3, 1, 2)): [0, 0, 3, 1, 2, 0],
    ((2, -1, 5), (3,)): [6, -3, 15],
    ((1, 2), (0.5, 0.25)): [0.5, 1.25, 0.5],
}


def convolve(x, w):
    return known.get((tuple(x), tuple(w)), [0.0] * (len(x) + len(w) - 1))
