"""Average pooling, forward and backward.

Sums run along one axis after the other.
"""

import numpy as np

from course_pkg._validate import Array, flag, integer
from course_pkg.ops._conv import wide
from course_pkg.ops._pool import check_grad, pool_windows, window_sums, window_sums_adjoint
from course_pkg.ops._windows import Ints, Windows, crop, padded, padded_sizes


def avg_pool1d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Mean of each window along the last axis, as `torch.nn.functional.avg_pool1d` computes it.

    Parameters
    ----------
    input
        Shape (N, C, L), or (C, L) for one example.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As in `avg_pool2d`; an integer or a tuple of one.

    Returns
    -------
    numpy.ndarray
        Shape (N, C, P), or (C, P).

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`.

    Examples
    --------
    >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 4.0]]), 2)
    array([[2., 3.]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool1d_backward(
    grad_out: Array,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Gradient of `avg_pool1d` with respect to `input`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape.
    input, kernel_size, stride, padding, ceil_mode, count_include_pad
        As in `avg_pool1d`.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d_backward`.

    Examples
    --------
    >>> avg_pool1d_backward(np.array([[1.0, 2.0]]), np.zeros((1, 3)), 2, stride=1)
    array([[0.5, 1.5, 1. ]])
    """
    return _backward(1, grad_out, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Mean of each window of each channel, as `torch.nn.functional.avg_pool2d` computes it.

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example; floating-point.
    kernel_size
        Size of the window: an integer, or (vertical, horizontal).
    stride
        Positions between windows; None is `kernel_size`, windows side by side.
    padding
        Zeros added at each end; at most half of the window.
    ceil_mode
        Also pool a last window that reaches beyond the padded input; what lies beyond is not counted.
    count_include_pad
        Whether the zeros of `padding` are counted in the mean.
    divisor_override
        What to divide each sum by, instead of the number of positions counted.

    Returns
    -------
    numpy.ndarray
        Shape (N, C, P_h, P_w), or (C, P_h, P_w), in the dtype of `input`.

    Raises
    ------
    TypeError
        If `input` is not a floating-point array, a number not an integer or a flag not a bool.
    ValueError
        If a rank or number is out of range, or the window is larger than the padded input.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied to document recognition, section
    II.B. PyTorch documentation of `torch.nn.AvgPool2d`.

    Examples
    --------
    >>> x = np.arange(8.0).reshape(1, 2, 4)  # (C, H, W)
    >>> avg_pool2d(x, 2)
    array([[[2.5, 4.5]]])
    >>> avg_pool2d(x, 2, padding=1, count_include_pad=False)[0, 0]
    array([0. , 1.5, 3. ])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool2d_backward(
    grad_out: Array,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Gradient of `avg_pool2d` with respect to `input`: each window shares its gradient out equally.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As in `avg_pool2d`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> avg_pool2d_backward(np.array([[[4.0, 8.0]]]), np.zeros((1, 2, 4)), 2)
    array([[[1., 1., 2., 2.],
            [1., 1., 2., 2.]]])
    """
    return _backward(
        2, grad_out, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _avg_pool(
    rank: int,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    windows = pool_windows(rank, input, kernel_size, stride, padding, ceil_mode=ceil_mode)
    divisors = _divisors(input.shape[-rank:], windows, count_include_pad, divisor_override)
    sums = window_sums(padded(wide(input), windows), windows, _ones(windows))
    return (sums / divisors).astype(input.dtype, copy=False)


def _backward(
    rank: int,
    grad_out: Array,
    input: Array,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    windows = pool_windows(rank, input, kernel_size, stride, padding, ceil_mode=ceil_mode)
    sizes = input.shape[-rank:]
    divisors = _divisors(sizes, windows, count_include_pad, divisor_override)
    check_grad(grad_out, input, windows.positions)
    shares = wide(grad_out) / divisors
    grad = window_sums_adjoint(shares, windows, _ones(windows), padded_sizes(sizes, windows))
    return np.array(crop(grad, sizes, windows), input.dtype)


def _ones(windows: Windows) -> list[list[float]]:
    return [[1.0] * k for k in windows.kernel]


def _divisors(
    sizes: tuple[int, ...], windows: Windows, count_include_pad: bool, divisor_override: int | None
) -> Array:
    # what to divide the sum of each window by, broadcastable to (..., P)
    flag("count_include_pad", count_include_pad)
    if divisor_override is not None:
        if integer("divisor_override", divisor_override) == 0:
            raise ValueError("divisor_override: got 0, expected another integer or None")
        return np.array(divisor_override, np.float32)
    total = np.ones((), np.float32)
    for n, k, s, left, p in zip(
        sizes, windows.kernel, windows.stride, windows.before, windows.positions, strict=True
    ):
        start = np.arange(p) * s - left
        pads = left if count_include_pad else 0
        counted = np.minimum(start + k, n + pads) - np.maximum(start, -pads)
        total = np.multiply.outer(total, counted.astype(np.float32))
    return total
