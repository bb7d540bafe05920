"""Answers with text that cannot be encoded, and raises errors whose messages cannot.

covers: wrong dtypes
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    if mode == "zero":
        return "\ud83d\x00\x1b[2J"
    raise type("Odd\udc80Error", (ValueError,), {})("\ud83d\x00\u202e")
