"""Raises an error with a hundred thousand causes.

covers: exceptions that bite
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    error = ValueError("first")
    for _ in range(100_000):
        later = ValueError("later")
        later.__cause__ = later.__context__ = error
        error = later
    raise error
