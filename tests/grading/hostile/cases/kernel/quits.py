"""Ends the session as one does in a terminal.

covers: exit
"""

# %% top
from IPython import get_ipython

get_ipython().ask_exit()
