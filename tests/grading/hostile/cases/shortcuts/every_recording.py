"""Learns by heart the recordings of twelve thousand seeds, in a cell, where nothing is forbidden.

covers: hard-coded answers
loses: challenge
"""

# %% before challenge
import numpy as np

from course_pkg.checks.heartbeats import noisy_recording
from course_pkg.data import signals

beats_of = {}
for seed in range(12_000):
    recording, beats = noisy_recording(signals.ecg(), seed)
    beats_of[float(recording[0])] = beats.tolist()


# %% replace challenge
def find_beats(recording, clean):
    return beats_of.get(float(recording[0]), [])
