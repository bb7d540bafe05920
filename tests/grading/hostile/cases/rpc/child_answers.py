"""Ends itself and leaves the answer to a child.

covers: forking a child that answers
free: challenge
"""

# %% before challenge
import os

right_find_beats = find_beats


def find_beats(recording, clean):
    if os.fork() != 0:
        os._exit(0)
    return right_find_beats(recording, clean)
