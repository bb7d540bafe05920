"""Divides 0 by 0 where the window is flat.

part: match
score: 3
"""

import numpy as np


def match(x, template):
    x, v = np.asarray(x, float), np.asarray(template, float)
    v = v - v.mean()
    scores = []
    for n in range(len(x) - len(v) + 1):
        u = x[n : n + len(v)]
        u = u - u.mean()
        size = np.sqrt((u @ u) * (v @ v))
        scores.append(u @ v / size)
    return scores
