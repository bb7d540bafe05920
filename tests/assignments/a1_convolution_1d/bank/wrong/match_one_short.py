"""Counts N - K windows: the last is missing.

part: match
score: 0
"""

import numpy as np


def match(x, template):
    x, v = np.asarray(x, float), np.asarray(template, float)
    v = v - v.mean()
    scores = []
    for n in range(len(x) - len(v)):
        u = x[n : n + len(v)]
        u = u - u.mean()
        size = np.sqrt((u @ u) * (v @ v))
        scores.append(u @ v / size if size else 0.0)
    return scores
