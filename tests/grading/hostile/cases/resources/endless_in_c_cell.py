"""A cell loops inside C code.

covers: loop inside C code
says: time|second
"""

# %% top
import itertools

all(itertools.repeat(True))
