"""The function opens files until no more can be had.

covers: descriptors
loses: challenge
"""

# %% replace challenge
hoard = []


def find_beats(recording, clean):
    while True:
        hoard.append(open("/dev/null"))
