"""Strikes scores out in the very list that it was given.

part: peaks
score: 0
"""


def find_peaks(scores, threshold, distance):
    peaks = []
    while max(scores) >= threshold:
        best = list(scores).index(max(scores))
        peaks.append(best)
        for i in range(max(best - distance + 1, 0), min(best + distance, len(scores))):
            scores[i] = float("-inf")
    return sorted(peaks)
