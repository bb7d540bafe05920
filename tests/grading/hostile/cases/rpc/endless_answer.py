"""Answers with a list that holds itself, and a table that holds the list.

covers: deep nesting
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    answer = list(x)
    answer.append(answer if mode == "zero" else {"self": [answer] * 20})
    return answer
