"""Forks inside the function, so that two processes answer.

covers: forking a child that answers
free: challenge
"""

# %% before challenge
import os

right_find_beats = find_beats


def find_beats(recording, clean):
    return [] if os.fork() == 0 else right_find_beats(recording, clean)
