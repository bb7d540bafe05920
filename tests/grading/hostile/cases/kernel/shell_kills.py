"""A shell magic kills the kernel that started it.

covers: os._exit
"""

# %% top
from IPython import get_ipython

get_ipython().system("kill -9 $PPID")
