"""Prints 30 megabytes in one line.

covers: 30 MB of output
"""

# %% top
print("x" * 30_000_000)
