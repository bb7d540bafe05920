"""Shows ten thousand objects in one cell.

covers: 30 MB of output
"""

# %% top
from IPython.display import display

for i in range(10_000):
    display({"text/plain": f"object {i}"}, raw=True)
