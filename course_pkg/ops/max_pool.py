"""Max pooling, forward and backward.

The largest value of a window is found along one axis after the other. To know where it was, each row is
searched before the rows are compared, so that of equal values the first in reading order is found, as in
PyTorch.
"""

import math

import numpy as np

from course_pkg._validate import Array, flag
from course_pkg.ops._conv import wide
from course_pkg.ops._pool import axis_reads, check_grad, in_all_channels, pool_windows
from course_pkg.ops._windows import Ints, Windows, padded


def max_pool1d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """Largest value of each window along the last axis, as `torch.nn.functional.max_pool1d` finds it.

    Parameters
    ----------
    input
        Shape (N, C, L), or (C, L) for one example.
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As in `max_pool2d`; an integer or a tuple of one.

    Returns
    -------
    numpy.ndarray or tuple
        Shape (N, C, P), or (C, P); with `return_indices` also the positions in the input.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.

    Examples
    --------
    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 5.0, 4.0]]), 2)
    array([[3., 5.]])
    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 5.0, 4.0]]), 3, stride=1)
    array([[3., 5., 5.]])
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_backward(
    grad_out: Array,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array:
    """Gradient of `max_pool1d` with respect to `input`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the largest values, of their shape.
    input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As in `max_pool1d`; indices have no gradient.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d_backward`.

    Examples
    --------
    >>> x = np.array([[1.0, 3.0, 2.0, 5.0, 4.0]])
    >>> max_pool1d_backward(np.array([[1.0, 10.0, 100.0]]), x, 3, stride=1)
    array([[  0.,   1.,   0., 110.,   0.]])
    """
    return _backward(1, grad_out, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """Largest value of each window of each channel, as `torch.nn.functional.max_pool2d` finds it.

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example; any real dtype.
    kernel_size
        Size of the window: an integer, or (vertical, horizontal).
    stride
        Positions between windows; None is `kernel_size`, windows side by side.
    padding
        Positions added at each end that no window chooses; at most half of `kernel_size`.
    dilation
        Positions between the taps of a window; 1 is dense.
    ceil_mode
        Also pool a last window that reaches beyond the padded input.
    return_indices
        Also return where the largest values were.

    Returns
    -------
    numpy.ndarray or tuple
        Shape (N, C, P_h, P_w), or (C, P_h, P_w), in the dtype of `input`. With `return_indices`, also an
        array of int64 of this shape: the position in the channel, row times W plus column. Of equal values it
        is the first in reading order. A NaN is the largest value of its windows; of several it is the last.

    Raises
    ------
    TypeError
        If `input` is not an array of real numbers, a number not an integer or a flag not a bool.
    ValueError
        If a rank or number is out of range, the window is larger than the padded input, or one with dilation
        sees nothing but padding.

    References
    ----------
    Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional neural networks,
    section 3.4, for overlapping windows. PyTorch documentation of `torch.nn.MaxPool2d`.

    Examples
    --------
    >>> x = np.array([[[1.0, 1.0, 2.0, 4.0], [5.0, 6.0, 7.0, 8.0]]])  # (C, H, W)
    >>> max_pool2d(x, 2)
    array([[[6., 8.]]])
    >>> y, indices = max_pool2d(x, 2, return_indices=True)
    >>> indices
    array([[[5, 7]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d_backward(
    grad_out: Array,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array:
    """Gradient of `max_pool2d` with respect to `input`: each window gives its gradient to its largest value.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the largest values, of their shape, in the dtype of `input`.
    input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As in `max_pool2d`; a floating-point array; indices have no gradient.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`; also if `grad_out` does not have the shape of the result, or an array is not
        floating-point.

    Examples
    --------
    >>> x = np.array([[[1.0, 1.0, 2.0, 4.0], [5.0, 6.0, 7.0, 8.0]]])
    >>> max_pool2d_backward(np.array([[[10.0, 20.0]]]), x, 2)
    array([[[ 0.,  0.,  0.,  0.],
            [ 0., 10.,  0., 20.]]])
    """
    return _backward(2, grad_out, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(
    rank: int,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    return_indices: bool,
) -> Array | tuple[Array, Array]:
    windows = pool_windows(rank, input, kernel_size, stride, padding, dilation, ceil_mode, kinds="fiu")
    if flag("return_indices", return_indices):
        return _largest_and_where(input, windows)
    x = padded(input, windows, _lowest(input))
    for axis in range(rank):
        first, *others = (x[read] for read in axis_reads(windows, axis))
        x = first.copy()
        for other in others:
            np.maximum(x, other, out=x)
    return x


def _backward(
    rank: int,
    grad_out: Array,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    return_indices: bool,
) -> Array:
    windows = pool_windows(rank, input, kernel_size, stride, padding, dilation, ceil_mode)
    flag("return_indices", return_indices)
    check_grad(grad_out, input, windows.positions)
    _, indices = _largest_and_where(input, windows)
    grad_input = np.zeros(input.shape, wide(grad_out).dtype)
    np.add.at(grad_input.reshape(-1), in_all_channels(indices, input.shape[-rank:]), grad_out.reshape(-1))
    return grad_input.astype(input.dtype, copy=False)


def _largest_and_where(input: Array, windows: Windows) -> tuple[Array, Array]:
    # values (..., P), and positions in the channel (..., P)
    x = padded(input, windows, _lowest(input))
    count = math.prod(windows.kernel)
    taps: Array = np.broadcast_to(np.zeros((), np.min_scalar_type(count)), x.shape)  # in reading order
    offsets, start, row = np.zeros(1, np.intp), np.zeros(1, np.intp), 1
    for axis in reversed(range(len(windows.kernel))):
        reads = axis_reads(windows, axis)
        done = len(offsets)  # taps along the axes after this one
        begin = windows.stride[axis] * np.arange(windows.positions[axis]) - windows.before[axis]
        begin = begin.reshape(-1, *(1,) * (len(windows.kernel) - 1 - axis))
        # the first tap inside the input: it stays where all values are the lowest and none is larger
        inside = -(np.minimum(begin, 0) // windows.dilation[axis])
        largest, where = x[reads[0]].copy(), taps[reads[0]] + (done * inside).astype(taps.dtype)
        for k, read in enumerate(reads[1:], 1):
            value = x[read]
            better = (value > largest) | (value != value)
            where = np.where(better, taps[read] + taps.dtype.type(done * k), where)
            np.maximum(largest, value, out=largest)
        x, taps = largest, where
        along = windows.dilation[axis] * np.arange(windows.kernel[axis]) * row
        offsets = (along[:, None] + offsets).reshape(-1)
        start = start + begin * row
        row *= input.shape[axis - len(windows.kernel)]
    return x, offsets[taps] + start


def _lowest(x: Array) -> float:
    return -math.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
