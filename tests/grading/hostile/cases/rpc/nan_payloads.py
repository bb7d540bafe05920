"""Answers with every kind of number that is none, with payloads in them, and with the smallest there are.

covers: NaN payloads
loses: pad
"""

# %% replace pad
import numpy as np


def pad(x, left, right, mode):
    bits = np.array(
        [0x7FF8DEADBEEF0001, 0xFFF0000000000001, 0x7FF0000000000000, 0x8000000000000000, 1], np.uint64
    )
    return np.resize(bits.view(float), len(x) + left + right)
