"""Power-average pooling, between average and max pooling, forward and backward."""

import math

import numpy as np

from course_pkg._validate import Array, number
from course_pkg.ops._conv import wide
from course_pkg.ops._pool import pool_windows
from course_pkg.ops._windows import Ints
from course_pkg.ops.avg_pool import avg_pool2d, avg_pool2d_backward


def lp_pool2d(
    input: Array,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Array:
    """The p-norm of each window, (sum of x^p)^(1/p), as `torch.nn.functional.lp_pool2d` computes it.

    With p = 1 it is the sum; the larger p, the closer to the maximum.

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example; floating-point. As in PyTorch no absolute value is
        taken: if a sum of powers is negative, its root is NaN unless 1/p is whole.
    norm_type
        The power p, greater than 0.
    kernel_size, stride, ceil_mode
        As in `avg_pool2d`. The sum of a window cut off in `ceil_mode` is scaled up to a whole one.

    Returns
    -------
    numpy.ndarray
        Shape (N, C, P_h, P_w), or (C, P_h, P_w), in the dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`; also if `norm_type` is not a number greater than 0.

    References
    ----------
    PyTorch documentation of `torch.nn.LPPool2d`. Sermanet, Chintala & LeCun (2012), Convolutional neural
    networks applied to house numbers digit classification, section 2.2.

    Examples
    --------
    >>> lp_pool2d(np.array([[[1.0, 2.0], [2.0, 4.0]]]), 2, 2)
    array([[[5.]]])
    """
    taps = _checked(input, norm_type, kernel_size, stride, ceil_mode)
    means = avg_pool2d(wide(input) ** norm_type, kernel_size, stride, ceil_mode=ceil_mode)
    with np.errstate(invalid="ignore"):  # the root of a negative number is NaN
        return ((means * taps) ** (1 / norm_type)).astype(input.dtype, copy=False)


def lp_pool2d_backward(
    grad_out: Array,
    input: Array,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Array:
    """Gradient of `lp_pool2d` with respect to `input`; 0 where all of a window is 0, as PyTorch sets it.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, norm_type, kernel_size, stride, ceil_mode
        As in `lp_pool2d`.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `lp_pool2d`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> lp_pool2d_backward(np.array([[[10.0]]]), np.array([[[1.0, 2.0], [2.0, 4.0]]]), 2, 2)
    array([[[2., 4.],
            [4., 8.]]])
    """
    taps = _checked(input, norm_type, kernel_size, stride, ceil_mode)
    x, p = wide(input), norm_type
    powers = x**p
    means = avg_pool2d(powers, kernel_size, stride, ceil_mode=ceil_mode)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(means == 0, 0, taps / p * (means * taps) ** (1 / p - 1))
        inner = p * x ** (p - 1)
    grad_means = (slope * wide(grad_out)).astype(x.dtype) if grad_out.shape == means.shape else grad_out
    grad_powers = avg_pool2d_backward(grad_means, powers, kernel_size, stride, ceil_mode=ceil_mode)
    return (grad_powers * inner).astype(input.dtype, copy=False)


def _checked(input: Array, norm_type: float, kernel_size: Ints, stride: Ints | None, ceil_mode: bool) -> int:
    # the number of taps
    windows = pool_windows(2, input, kernel_size, stride, ceil_mode=ceil_mode)
    number("norm_type", norm_type, positive=True)
    return math.prod(windows.kernel)
