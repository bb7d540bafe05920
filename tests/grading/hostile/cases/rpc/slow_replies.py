"""Is right, and takes nearly as long as it may for every single call.

covers: slow replies
free: challenge
"""

# %% before challenge
import time

quick_find_beats = find_beats


def find_beats(recording, clean):
    time.sleep(2)
    return quick_find_beats(recording, clean)
