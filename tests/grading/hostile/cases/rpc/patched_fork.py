"""Replaces os.fork, so that the process that should wait believes that it is the one to answer.

covers: os.fork
loses: pad
free: *
"""

# %% replace pad
import os


def pad(x, left, right, mode):
    return x


os.fork = os.forkpty = lambda: 0
os.waitpid = os.wait = lambda *args: (0, 0)
os._exit = lambda status: None
os.register_at_fork(before=lambda: 1 / 0, after_in_child=lambda: 1 / 0, after_in_parent=lambda: 1 / 0)
