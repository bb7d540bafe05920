"""Is right at first and dies in the middle of a test, in another way in each part.

covers: replacing the parent
loses: pad crop slope
"""


# %% replace pad
def pad(x, left, right, mode):
    import os

    os.abort()


# %% replace crop
def crop(y, N, K, mode):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


# %% replace slope
def slope_kernel(size, rate):
    import os

    os.execv("/bin/true", ["true"])
