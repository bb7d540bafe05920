"""Replaces what shows results, so that showing anything ends Python or raises.

covers: display hooks
"""

# %% top
import sys

from IPython import get_ipython


def refuse(*args, **kwargs):
    raise SystemExit("nothing to see")


sys.displayhook = sys.excepthook = refuse
get_ipython().showtraceback = refuse
get_ipython().display_formatter.format = refuse

# %% top
1 + 1
