"""Always takes the highest score, even where it does not reach the threshold.

part: peaks
score: 3
"""

import numpy as np


def find_peaks(scores, threshold, distance):
    left = np.array(scores, dtype=float)
    peaks = []
    while not peaks or left.max() >= threshold:
        peaks.append(int(np.argmax(left)))
        left[np.abs(np.arange(len(left)) - peaks[-1]) < distance] = -np.inf
    return sorted(peaks)
