"""The function loops inside C code, which no exception can interrupt.

covers: loop inside C code
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import itertools

    return all(itertools.repeat(True))
