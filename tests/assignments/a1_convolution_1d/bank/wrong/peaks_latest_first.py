"""Of equal scores it takes the latest.

part: peaks
score: 3
"""

import numpy as np


def find_peaks(scores, threshold, distance):
    left = np.array(scores, dtype=float)
    peaks = []
    while left.size and left.max() >= threshold:
        best = len(left) - 1 - int(np.argmax(left[::-1]))
        peaks.append(best)
        left[max(best - distance + 1, 0) : best + distance] = -np.inf
    return sorted(peaks)
