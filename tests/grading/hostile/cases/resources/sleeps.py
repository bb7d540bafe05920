"""The function sleeps, and takes no processor time at all.

covers: endless loop
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import time

    time.sleep(1e6)
