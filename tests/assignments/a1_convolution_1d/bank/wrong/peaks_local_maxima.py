"""Every local maximum, however near the next.

part: peaks
score: 0
"""


def find_peaks(scores, threshold, distance):
    around = [float("-inf"), *scores, float("-inf")]
    return [i for i, s in enumerate(scores) if s >= threshold and around[i] <= s >= around[i + 2]]
