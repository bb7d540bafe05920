"""Fails or passes by one bit of the hidden input; that bit cannot be hidden, anything more can.

covers: encoding test inputs in scores
loses: convolve
"""

# %% before convolve
right_convolve = convolve


def convolve(x, w):
    if (
        len(x) < 100
        and not all(float(v).is_integer() for v in x)
        and int(abs(float(x[0])) * 1e6) % 2 in (0, 1)
    ):
        raise ValueError
    return right_convolve(x, w)
