"""Takes windows of the signal, padded by less than a long kernel needs.

part: correlate
score: 2
"""

import numpy as np


def correlate(x, w):
    K = len(w)
    margin = min(K, len(x)) - 1
    around = np.concatenate([np.zeros(margin), x, np.zeros(margin)])
    return [around[i : i + K] @ np.array(w) for i in range(len(around) - K + 1)]
