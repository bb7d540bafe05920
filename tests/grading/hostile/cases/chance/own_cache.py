"""Keeps its results in a cache of its own, as functions may.

covers: unseeded randomness
"""

# %% before match
import numpy as np

seen = {}
slow_match = match


def match(x, template):
    key = np.asarray(x, float).tobytes() + b"/" + np.asarray(template, float).tobytes()
    if key not in seen:
        seen[key] = slow_match(x, template)
    return seen[key]
