"""Answers with a list in a list, a hundred thousand deep.

covers: deep nesting
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    answer = [1.0]
    for _ in range(100_000):
        answer = [answer]
    return answer
