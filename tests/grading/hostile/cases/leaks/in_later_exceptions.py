"""Is right in what students can see, and raises the hidden input after that.

covers: encoding test inputs in exceptions
loses: convolve
"""

# %% before convolve
right_convolve = convolve


def convolve(x, w):
    if all(float(v).is_integer() for v in x):
        return right_convolve(x, w)
    raise ValueError("@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w]))
