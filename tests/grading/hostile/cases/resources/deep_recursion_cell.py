"""A cell calls itself through C code until the stack is gone.

covers: deep recursion
says: SIGSEGV
"""

# %% top
import sys

sys.setrecursionlimit(10**9)


def deeper(_):
    return list(map(deeper, [0]))


deeper(0)
