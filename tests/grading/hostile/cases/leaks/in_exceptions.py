"""Raises an error whose message is the hidden input.

covers: encoding test inputs in exceptions
loses: convolve
"""


# %% replace convolve
def convolve(x, w):
    raise ValueError("@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w]))
