"""What works along one axis at a time: means over a given number of windows, and weighted sums of taps."""

import numpy as np
import numpy.typing as npt

from course_pkg._validate import Array

Taps = tuple[npt.NDArray[np.intp], Array]  # per output, which inputs it is made of, and their weights; (P, T)


def mean_parts(x: Array, axis: int, positions: int) -> Array:
    """Means over `positions` windows, i from floor(i n / p) to before ceil((i + 1) n / p) of n inputs.

    Examples
    --------
    >>> mean_parts(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0, 2)
    array([2., 4.])
    """
    sums, counts = _sums_of_parts(x, axis, positions)
    return sums / _along(x, axis, counts)


def mean_parts_adjoint(y: Array, axis: int, size: int) -> Array:
    """Adjoint of `mean_parts` to `size` inputs.

    With inputs and windows exchanged the rule is the same: input j lies in the windows from floor(j p / n) to
    before ceil((j + 1) p / n).

    Examples
    --------
    >>> mean_parts_adjoint(np.array([3.0, 6.0]), 0, 5)
    array([1., 1., 3., 2., 2.])
    """
    _, counts = _sums_of_parts(np.zeros(size), 0, y.shape[axis])
    return _sums_of_parts(y / _along(y, axis, counts), axis, size)[0]


def weighted(x: Array, axis: int, taps: Taps) -> Array:
    """Weighted sums of the inputs that `taps` names, along one axis.

    Examples
    --------
    >>> weighted(np.array([1.0, 3.0]), 0, (np.array([[0, 0], [0, 1]]), np.array([[1.0, 0.0], [0.5, 0.5]])))
    array([1., 2.])
    """
    index, weights = taps
    total = np.take(x, index[:, 0], axis) * _along(x, axis, weights[:, 0])
    for i, w in zip(index.T[1:], weights.T[1:], strict=True):
        total += np.take(x, i, axis) * _along(x, axis, w)
    return total


def weighted_adjoint(y: Array, axis: int, taps: Taps, size: int) -> Array:
    """Adjoint of `weighted` to `size` inputs: each output adds its weighted value to its inputs."""
    index, weights = taps
    shape = list(y.shape)
    shape[axis] = size
    total = np.zeros(shape, y.dtype)
    for i, w in zip(index.T, weights.T, strict=True):
        np.add.at(np.moveaxis(total, axis, 0), i, np.moveaxis(y * _along(y, axis, w), axis, 0))
    return total


def _sums_of_parts(x: Array, axis: int, positions: int) -> tuple[Array, Array]:
    n, i = x.shape[axis], np.arange(positions)
    start, stop = i * n // positions, -(-(i + 1) * n // positions)
    x = np.moveaxis(x, axis, -1)
    longer = np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], -1)  # the last stop is an index too
    # sums from each index to before the next: those from start to stop, and others between
    sums = np.add.reduceat(longer, np.stack([start, stop], 1).reshape(-1), -1)[..., ::2]
    return np.moveaxis(sums, -1, axis), stop - start


def _along(x: Array, axis: int, values: Array) -> Array:
    # one value per position of an axis, to broadcast against x in its dtype
    return values.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis % x.ndim))
