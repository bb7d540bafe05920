"""The function raises an error whose message is 300 megabytes long.

covers: huge messages
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    raise ValueError("x" * 300_000_000)
