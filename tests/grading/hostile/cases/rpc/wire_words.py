"""Answers with tables that look like what the wire makes of arrays, tuples and text.

covers: replies out of order
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    if mode == "zero":
        return {"array": 0}
    return [{"tuple": [1]}, {"dict": ["status", "answer"]}, {"text": "d800"}, {"array": 10**9}]
