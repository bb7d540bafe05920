"""Raises an error whose class is named after the hidden input.

covers: encoding test inputs in exceptions
loses: convolve
"""


# %% replace convolve
def convolve(x, w):
    numbers = " ".join(f"{float(v):.17g}" for v in [*x, *w])
    raise type("@" + "leak@ " + numbers, (ValueError,), {"__module__": numbers, "__qualname__": numbers})
