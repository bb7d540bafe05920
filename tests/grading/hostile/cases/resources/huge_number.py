"""The function computes a whole number of a hundred million digits and writes it down.

covers: loop inside C code
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    return [10 ** (10**8)]
