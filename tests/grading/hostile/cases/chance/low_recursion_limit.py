"""Lowers the recursion limit to little more than IPython needs.

covers: unseeded randomness
"""

# %% top
import sys

sys.setrecursionlimit(180)
