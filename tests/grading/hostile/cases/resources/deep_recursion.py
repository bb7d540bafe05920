"""The function calls itself through C code until the stack is gone.

covers: deep recursion
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import sys

    sys.setrecursionlimit(10**9)

    def deeper(_):
        return list(map(deeper, [0]))

    return deeper(0)
