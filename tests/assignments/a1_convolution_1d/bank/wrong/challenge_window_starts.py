"""Returns where the windows begin, not where the beats are.

part: challenge
score: 0
"""

import numpy as np


def find_beats(recording, clean):
    template = clean[165:216] - np.mean(clean[165:216])
    windows = np.lib.stride_tricks.sliding_window_view(recording, 51)
    windows = windows - windows.mean(axis=1, keepdims=True)
    scores = windows @ template / np.sqrt((windows**2).sum(axis=1) * (template**2).sum())
    beats = []
    while scores.max() >= 0.5:
        best = int(np.argmax(scores))
        beats.append(best + 0)
        scores[max(best - 100, 0) : best + 100] = -np.inf
    return beats
