"""Answers with whole numbers too long to write down, and floats beyond all floats.

covers: NaN payloads
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    return [10**5000 if mode == "zero" else -(10**400)] * (len(x) + left + right)
