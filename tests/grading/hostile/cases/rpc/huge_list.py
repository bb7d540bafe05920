"""Answers with five million small lists.

covers: huge replies
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    return [[i] for i in range(5_000_000)]
