"""Rewrites and clears outputs of earlier cells.

covers: update_display_data, clear_output
"""

# %% top
from IPython.display import clear_output, display

handle = display("first", display_id="pad")

# %% after pad
for name in ("pad", "verdict", "convolve"):
    display("5 of 5 points", display_id=name, update=True)
handle.update({"application/vnd.course-pkg.part+json": {"part": "pad", "score": 5}}, raw=True)
clear_output()
clear_output(wait=True)
