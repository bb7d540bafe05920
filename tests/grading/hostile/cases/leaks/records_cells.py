"""Asks IPython to be told of every cell before it runs, writes them down, and prints them at the end.

covers: dumping test source
"""

# %% top
from IPython import get_ipython

cells = []
get_ipython().events.register("pre_run_cell", lambda info: cells.append(info.raw_cell))

# %% end
print(*cells, sep="\n")
