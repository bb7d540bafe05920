"""Takes peaks from left to right, not the highest first.

part: peaks
score: 0
"""


def find_peaks(scores, threshold, distance):
    peaks = []
    for i in range(len(scores)):
        if scores[i] >= threshold and (not peaks or i - peaks[-1] >= distance):
            peaks.append(i)
    return peaks
