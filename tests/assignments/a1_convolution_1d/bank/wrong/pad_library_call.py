"""Lets NumPy do it.

part: pad
score: 0
"""

import numpy as np


def pad(x, left, right, mode):
    modes = {"zero": "constant", "circular": "wrap", "reflect": "reflect"}
    if mode not in modes or (mode == "reflect" and max(left, right) >= len(x)):
        raise ValueError("impossible")
    return np.pad(x, (left, right), modes[mode])
