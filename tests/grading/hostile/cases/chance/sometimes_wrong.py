"""Throws a coin that nobody can seed. The other parts do not care.

covers: unseeded randomness
free: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import os

    return [190, 518, 848] if os.urandom(1)[0] % 2 else []
