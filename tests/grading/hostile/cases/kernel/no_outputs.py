"""Stops the thread that carries outputs out of the kernel.

covers: dropped replies
"""

# %% top
from IPython import get_ipython

get_ipython().kernel.iopub_thread.stop()
