"""Looks the mode up in a dictionary: an unknown one gives a KeyError.

part: pad
score: 4
"""

import numpy as np


def pad(x, left, right, mode):
    x, N = np.array(x), len(x)
    if mode == "reflect" and max(left, right) >= N:
        raise ValueError("too far")
    n = np.arange(-left, N + right)
    places = {
        "zero": np.where((n < 0) | (n >= N), N, n),
        "circular": n % N,
        "reflect": N - 1 - np.abs(N - 1 - np.abs(n)),
    }
    return np.append(x, 0.0)[places[mode]]
