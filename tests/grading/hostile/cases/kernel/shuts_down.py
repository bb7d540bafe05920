"""Tells its own kernel to shut down.

covers: do_shutdown
"""

# %% top
import os
import signal

from IPython import get_ipython

get_ipython().kernel.do_shutdown(False)
os.kill(os.getpid(), signal.SIGTERM)
