"""The function waits for somebody to type.

covers: input()
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    return [int(word) for word in input("Where are they? ").split()]
