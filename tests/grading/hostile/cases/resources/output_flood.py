"""Prints 30 megabytes in one line after the other.

covers: 30 MB of output
"""

# %% top
for i in range(300_000):
    print(i, "x" * 93)
