"""Answers with an array of two gigabytes.

covers: huge replies
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import numpy as np

    return np.zeros(1 << 28)
