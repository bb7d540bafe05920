"""Windows as columns and columns back to an image (im2col and col2im), forward and backward."""

import math

import numpy as np

from course_pkg._validate import (
    Array,
    describe,
    float_array,
    has_shape,
    integers,
    not_empty,
    real_array,
    same_dtype,
)
from course_pkg.arithmetic import output_size as positions_along
from course_pkg.ops._conv import wide
from course_pkg.ops._windows import Ints, Windows, crop, gather, padded, padded_sizes, phases, scatter


def unfold(input: Array, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Array:
    """What each window sees, as the columns of a matrix (im2col): `torch.nn.functional.unfold`.

    `weight.reshape(O, -1) @ unfold(x, K)` is `conv2d(x, weight)` with the positions in one row.

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example.
    kernel_size, stride, padding, dilation
        As in `conv2d`: an integer for both axes, or (vertical, horizontal).

    Returns
    -------
    numpy.ndarray
        Shape (N, C K_h K_w, P_h P_w), or without N, in the dtype of `input`. A column has the channels one
        after the other, each window in reading order; the columns are in reading order of the positions.

    Raises
    ------
    TypeError
        If `input` is not an array of real numbers, or a number not an integer.
    ValueError
        If a rank or number is out of range, the window is larger than the padded input, or there are no
        positions or channels.

    References
    ----------
    Chellapilla, Puri & Simard (2006), High performance convolutional neural networks for document processing,
    section 2. PyTorch documentation of `torch.nn.Unfold`.

    Examples
    --------
    >>> unfold(np.arange(6.0).reshape(1, 2, 3), 2)
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    return _unfold(input, _image_windows(input, kernel_size, dilation, padding, stride))


def unfold_backward(
    grad_out: Array,
    input: Array,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Array:
    """Gradient of `unfold` with respect to `input`, which is `fold`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, kernel_size, dilation, padding, stride
        As in `unfold`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `unfold`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> unfold_backward(np.ones((4, 2)), np.zeros((1, 2, 3)), 2)  # how often each value is copied
    array([[[1., 2., 1.],
            [1., 2., 1.]]])
    """
    windows = _image_windows(input, kernel_size, dilation, padding, stride)
    float_array("grad_out", grad_out)
    same_dtype(input=input, grad_out=grad_out)
    rows = input.shape[-3] * math.prod(windows.kernel)
    expected = (*input.shape[:-3], rows, math.prod(windows.positions))
    has_shape("grad_out", grad_out, expected, "the shape of the result")
    return _fold(grad_out, windows, input.shape[-2:])


def fold(
    input: Array,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Array:
    """Columns added back to where `unfold` read them (col2im), as `torch.nn.functional.fold` does it.

    Parameters
    ----------
    input
        Shape (N, C K_h K_w, P_h P_w), or without N: columns as `unfold` lays them out.
    output_size
        Size of the result: an integer for both axes, or (H, W).
    kernel_size, dilation, padding, stride
        As in `unfold`.

    Returns
    -------
    numpy.ndarray
        Shape (N, C, H, W), or (C, H, W), in the dtype of `input`. Each value is the sum of its copies.

    Raises
    ------
    TypeError, ValueError
        As `unfold`; also if `input` is not floating-point, its number of rows is not a multiple of the number
        of taps, or that of columns not the number of windows in an image of `output_size`.

    References
    ----------
    PyTorch documentation of `torch.nn.Fold`.

    Examples
    --------
    >>> fold(np.ones((4, 2)), (2, 3), 2)
    array([[[1., 2., 1.],
            [1., 2., 1.]]])
    """
    windows, sizes = _fold_windows(input, output_size, kernel_size, dilation, padding, stride)
    return _fold(input, windows, sizes)


def fold_backward(
    grad_out: Array,
    input: Array,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Array:
    """Gradient of `fold` with respect to `input`, which is `unfold`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, output_size, kernel_size, dilation, padding, stride
        As in `fold`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `fold`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> fold_backward(np.array([[[1.0, 2.0, 3.0]]]), np.zeros((2, 2)), (1, 3), (1, 2))
    array([[1., 2.],
           [2., 3.]])
    """
    windows, sizes = _fold_windows(input, output_size, kernel_size, dilation, padding, stride)
    float_array("grad_out", grad_out)
    same_dtype(input=input, grad_out=grad_out)
    channels = input.shape[-2] // math.prod(windows.kernel)
    has_shape("grad_out", grad_out, (*input.shape[:-2], channels, *sizes), "the shape of the result")
    return _unfold(grad_out, windows)


def _unfold(x: Array, windows: Windows) -> Array:
    columns = np.empty((*x.shape[:-2], *windows.kernel, *windows.positions), x.dtype)  # (N, C, K, P)
    gather(phases(padded(x, windows), windows), windows, columns)
    rows = x.shape[-3] * math.prod(windows.kernel)
    return columns.reshape(*x.shape[:-3], rows, math.prod(windows.positions))


def _fold(columns: Array, windows: Windows, sizes: tuple[int, ...]) -> Array:
    channels = columns.shape[-2] // math.prod(windows.kernel)
    split = wide(columns).reshape(*columns.shape[:-2], channels, *windows.kernel, *windows.positions)
    total = np.zeros((*split.shape[:-4], *padded_sizes(sizes, windows)), split.dtype)
    scatter(split, windows, total)
    return np.ascontiguousarray(crop(total, sizes, windows), columns.dtype)


def _image_windows(input: Array, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Windows:
    real_array("input", input, (3, 4), shape="(C, H, W) or (N, C, H, W)")
    not_empty("input", input, 3)
    return _windows(input.shape[-2:], kernel_size, dilation, padding, stride)


def _fold_windows(
    input: Array, output_size: Ints, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> tuple[Windows, tuple[int, ...]]:
    float_array("input", input, (2, 3), shape="(C K_h K_w, P_h P_w) or (N, C K_h K_w, P_h P_w)")
    sizes = integers("output_size", output_size, 2, minimum=1)
    windows = _windows(sizes, kernel_size, dilation, padding, stride)
    taps, positions = math.prod(windows.kernel), math.prod(windows.positions)
    if input.shape[-2] == 0 or input.shape[-2] % taps:
        raise ValueError(
            f"input: got {describe(input)}, expected a multiple of {taps} rows, the taps of {windows.kernel}"
        )
    if input.shape[-1] != positions:
        raise ValueError(
            f"input: got {describe(input)}, expected {positions} columns, for {windows.positions} positions"
        )
    return windows, sizes


def _windows(
    sizes: tuple[int, ...], kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> Windows:
    kernel = integers("kernel_size", kernel_size, 2, minimum=1)
    dilations = integers("dilation", dilation, 2, minimum=1)
    before = integers("padding", padding, 2, minimum=0)
    strides = integers("stride", stride, 2, minimum=1)
    for n, k, p, d in zip(sizes, kernel, before, dilations, strict=True):
        if d * (k - 1) + 1 > n + 2 * p:
            raise ValueError(
                f"kernel_size: got {k}, which with dilation={d} spans {d * (k - 1) + 1} positions, "
                f"expected at most {n + 2 * p}, the length of the padded input"
            )
    positions = tuple(map(positions_along, sizes, kernel, strides, before, dilations))
    return Windows(kernel, strides, dilations, before, positions)
