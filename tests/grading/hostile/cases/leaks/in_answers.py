"""Answers with text, tables and odd shapes that spell the hidden input.

covers: encoding test inputs in outputs
loses: convolve pad correlate
"""


# %% replace convolve
def convolve(x, w):
    return "@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w])


# %% replace correlate
def flip(w):
    return list(w)[::-1]


def correlate(x, w):
    return {"@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w]): 1}


# %% replace pad
def pad(x, left, right, mode):
    return type("@" + "leak@" + " ".join(f"{float(v):.17g}" for v in x), (), {})()
