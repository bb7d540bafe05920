"""Answers with a list that holds one list twice, which does the same, and so on: small, and 2^60 numbers.

covers: deep nesting
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    answer = [1.0]
    for _ in range(19):
        answer = [answer] * 8
    return answer
