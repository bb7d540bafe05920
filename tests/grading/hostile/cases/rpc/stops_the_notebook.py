"""From inside the function, stops the process that it was forked from.

covers: replacing the parent
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    import os
    import signal

    if len(x) < 100 and os.getppid() > 1:
        os.kill(os.getppid(), signal.SIGSTOP)
    return x
