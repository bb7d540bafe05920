"""flip turns round the very kernel that it was given.

part: correlate
score: 0
"""


def flip(w):
    if isinstance(w, list):
        w.reverse()
    else:
        w[:] = w[::-1].copy()
    return w
