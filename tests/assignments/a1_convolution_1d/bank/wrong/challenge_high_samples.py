"""Takes the highest samples for beats.

part: challenge
score: 0
"""

import numpy as np


def find_beats(recording, clean):
    left, beats = np.array(recording), []
    while left.max() > 150:
        beats.append(int(left.argmax()))
        left[max(beats[-1] - 200, 0) : beats[-1] + 200] = 0
    return beats
