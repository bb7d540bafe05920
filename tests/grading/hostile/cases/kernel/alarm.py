"""A timer rings a hundred times a second, and its handler does nothing.

covers: signals
"""

# %% top
import signal

signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
