"""The function never returns and catches whatever is to stop it.

covers: catch-all endless loop
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
