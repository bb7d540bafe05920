"""The function never returns.

covers: endless loop
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    while True:
        pass
