"""Is right in what students can see; after that its answer has a shape that spells the hidden input.

covers: encoding test inputs in outputs
loses: convolve
"""

# %% before convolve
import numpy as np

right_convolve = convolve


def convolve(x, w):
    if all(float(v).is_integer() for v in x):
        return right_convolve(x, w)
    return np.zeros((0, int(abs(float(x[0])) * 1e15)))
