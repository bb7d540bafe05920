"""Warns, and talks on stderr: untidy, and right.

covers: warnings on stderr
"""

# %% replace pad
import logging
import sys
import warnings

import numpy as np


def pad(x, left, right, mode):
    warnings.warn("padding is hard", stacklevel=2)
    print("thinking …", file=sys.stderr)
    logging.getLogger().error("still thinking")
    np.log(np.zeros(1))
    x, N = list(x), len(x)
    if mode == "zero":
        return [0] * left + x + [0] * right
    if mode == "circular":
        return [x[n % N] for n in range(-left, N + right)]
    if mode != "reflect" or max(left, right) > N - 1:
        raise ValueError(mode)
    return [x[N - 1 - abs(N - 1 - abs(n))] for n in range(-left, N + right)]
