"""Plain cross-correlation, neither centred nor divided.

part: match
score: 0
"""

import numpy as np


def match(x, template):
    x, v = np.asarray(x, float), np.asarray(template, float)
    v = v
    scores = []
    for n in range(len(x) - len(v) + 1):
        u = x[n : n + len(v)]
        u = u
        size = 1.0
        scores.append(u @ v / size if size else 0.0)
    return scores
