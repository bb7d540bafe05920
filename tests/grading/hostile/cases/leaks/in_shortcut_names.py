"""Raises the course's own error for a shortcut, which names what was used: the hidden input.

covers: encoding test inputs in exceptions
loses: convolve
"""

# %% replace convolve
from course_pkg.checks.shortcuts import ShortcutUsedError


def convolve(x, w):
    raise ShortcutUsedError("@" + "leak@ " + " ".join(f"{float(v):.17g}" for v in [*x, *w]))
