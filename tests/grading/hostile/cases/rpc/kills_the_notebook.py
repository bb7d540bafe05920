"""From inside the function, kills the process that it was forked from.

covers: replacing the parent
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    import os
    import signal
    from contextlib import suppress

    with suppress(OSError):
        if len(x) < 100:
            os.kill(os.getppid(), signal.SIGKILL)
    return x
