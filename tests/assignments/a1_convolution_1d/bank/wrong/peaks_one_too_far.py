"""Strikes out the positions exactly `distance` away as well.

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
        left[max(best - (distance + 1) + 1, 0) : best + (distance + 1)] = -np.inf
    return sorted(peaks)
