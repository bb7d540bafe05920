"""The function leaks a little, all the time.

covers: slow leak
loses: challenge
"""

# %% replace challenge
hoard = []


def find_beats(recording, clean):
    import time

    while True:
        hoard.append(b"x" * (1 << 24))
        time.sleep(0.02)
