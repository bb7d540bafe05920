"""What works along one axis: means over a given number of windows."""

import numpy as np

from course_pkg._validate import Array


def mean_parts(x: Array, axis: int, positions: int) -> Array:
    """Means over `positions` windows, i from floor(i n / p) to before ceil((i + 1) n / p) of n inputs.

    Examples
    --------
    >>> mean_parts(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0, 2)
    array([2., 4.])
    """
    sums, counts = _sums_of_parts(x, axis, positions)
    return sums / _along(counts.astype(x.dtype), axis)


def mean_parts_adjoint(y: Array, axis: int, size: int) -> Array:
    """Adjoint of `mean_parts` to `size` inputs.

    With inputs and windows exchanged the rule is the same: input j lies in the windows from floor(j p / n) to
    before ceil((j + 1) p / n).

    Examples
    --------
    >>> mean_parts_adjoint(np.array([3.0, 6.0]), 0, 5)
    array([1., 1., 3., 2., 2.])
    """
    _, counts = _sums_of_parts(np.zeros(size, y.dtype), 0, y.shape[axis])
    sums, _ = _sums_of_parts(y / _along(counts.astype(y.dtype), axis), axis, size)
    return sums


def _sums_of_parts(x: Array, axis: int, positions: int) -> tuple[Array, Array]:
    n, i = x.shape[axis], np.arange(positions)
    start, stop = i * n // positions, -(-(i + 1) * n // positions)
    x = np.moveaxis(x, axis, -1)
    longer = np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], -1)  # the last stop is an index too
    # sums from each index to before the next: those from start to stop, and others between
    sums = np.add.reduceat(longer, np.stack([start, stop], 1).reshape(-1), -1)[..., ::2]
    return np.moveaxis(sums, -1, axis), stop - start


def _along(values: Array, axis: int) -> Array:
    # shaped to broadcast along a negative axis, or the only one
    return values.reshape(-1, *(1,) * (-1 - axis)) if axis < 0 else values
