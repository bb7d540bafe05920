"""Cross-correlates without dividing by the size of the window.

part: challenge
score: 2
"""

import numpy as np


def find_beats(recording, clean):
    template = clean[165:216] - np.mean(clean[165:216])
    windows = np.lib.stride_tricks.sliding_window_view(recording, 51)
    windows = windows - windows.mean(axis=1, keepdims=True)
    scores = windows @ template
    highest, beats = scores.max(), []
    while scores.max() >= 0.5 * highest:
        best = int(np.argmax(scores))
        beats.append(best + 25)
        scores[max(best - 100, 0) : best + 100] = -np.inf
    return beats
