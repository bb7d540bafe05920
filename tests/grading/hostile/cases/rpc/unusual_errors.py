"""Raises what only the interpreter should: GeneratorExit, KeyboardInterrupt, an error of its own kind.

covers: exceptions that bite
loses: pad crop
"""


# %% replace pad
class Unheard(BaseException):
    pass


def pad(x, left, right, mode):
    raise {"zero": GeneratorExit, "circular": Unheard}.get(mode, KeyboardInterrupt)


# %% replace crop
def crop(y, N, K, mode):
    raise MemoryError if mode == "valid" else RecursionError
