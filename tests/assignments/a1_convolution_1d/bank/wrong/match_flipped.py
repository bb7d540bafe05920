"""Slides the template back to front.

part: match
score: 0
"""

import numpy as np


def match(x, template):
    x, v = np.asarray(x, float), np.asarray(template, float)
    v = v[::-1] - v.mean()
    scores = []
    for n in range(len(x) - len(v) + 1):
        u = x[n : n + len(v)]
        u = u - u.mean()
        size = np.sqrt((u @ u) * (v @ v))
        scores.append(u @ v / size if size else 0.0)
    return scores
