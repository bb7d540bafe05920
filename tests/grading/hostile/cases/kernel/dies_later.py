"""An alarm kills the kernel a moment later, in the middle of an innocent cell; replayed, it kills again.

covers: os._exit
free: *
"""

# %% top
import signal

signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, 0.5)
