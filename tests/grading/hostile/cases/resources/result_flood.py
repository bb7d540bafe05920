"""A cell ends in an object whose text is 30 megabytes long.

covers: 30 MB of output
"""

# %% top
["x" * 30_000_000]
