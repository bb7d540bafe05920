"""Returns the positions in order of height.

part: peaks
score: 0
"""

import numpy as np


def find_peaks(scores, threshold, distance):
    left = np.array(scores, dtype=float)
    peaks = []
    while left.size and left.max() >= threshold:
        best = int(np.argmax(left))
        peaks.append(best)
        left[max(best - distance + 1, 0) : best + distance] = -np.inf
    return peaks
