"""Asks to be called at every fork, and never returns from it in the child.

covers: os.fork
free: *
"""

# %% before challenge
import os
import time

os.register_at_fork(after_in_child=lambda: time.sleep(1e6))
