"""Blurring before subsampling, so that high frequencies do not turn into low ones, forward and backward."""

import math

from course_pkg._validate import Array, choice, float_array, not_empty, positive_int
from course_pkg.ops._conv import wide
from course_pkg.ops._pool import AXES, check_grad, window_sums, window_sums_adjoint
from course_pkg.ops._windows import Windows
from course_pkg.ops.pad import MODES, extend, extend_backward


def blur_pool2d(input: Array, kernel_size: int = 3, stride: int = 2, padding_mode: str = "reflect") -> Array:
    """Each channel blurred by a binomial kernel and subsampled; PyTorch has no such function.

    The kernel is the outer product of a row of Pascal's triangle with itself, divided by its sum: for
    `kernel_size` 3, (1, 2, 1) / 4 along each axis. It does not depend on the channel and is not learnt.

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example; floating-point.
    kernel_size
        Size K of the kernel along both axes; 1 only subsamples.
    stride
        Positions between outputs along both axes.
    padding_mode
        What the input is taken to be beyond its ends, as in `pad`: (K - 1) // 2 values in front, K // 2
        behind.

    Returns
    -------
    numpy.ndarray
        Shape (N, C, P_h, P_w), or (C, P_h, P_w), with P = (n - 1) // stride + 1 along an axis of n inputs, in
        the dtype of `input`.

    Raises
    ------
    TypeError
        If `input` is not a floating-point array, a number not an integer, or `padding_mode` not a string.
    ValueError
        If a rank or number is out of range, or there are no positions.

    References
    ----------
    Zhang (2019), Making convolutional networks shift-invariant again, sections 3.2 and 4.1.

    Examples
    --------
    >>> x = np.zeros((1, 5, 5))
    >>> x[0, 2, 2] = 16
    >>> blur_pool2d(x)
    array([[[0., 0., 0.],
            [0., 4., 0.],
            [0., 0., 0.]]])
    """
    windows, weights, widths = _checked(input, kernel_size, stride, padding_mode)
    y = window_sums(extend(wide(input), widths, padding_mode), windows, weights)
    return y.astype(input.dtype, copy=False)


def blur_pool2d_backward(
    grad_out: Array, input: Array, kernel_size: int = 3, stride: int = 2, padding_mode: str = "reflect"
) -> Array:
    """Gradient of `blur_pool2d` with respect to `input`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, kernel_size, stride, padding_mode
        As in `blur_pool2d`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `blur_pool2d`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> blur_pool2d_backward(np.array([[[16.0]]]), np.zeros((1, 2, 2)), padding_mode="replicate")
    array([[[9., 3.],
            [3., 1.]]])
    """
    windows, weights, widths = _checked(input, kernel_size, stride, padding_mode)
    check_grad(grad_out, input, windows.positions)
    lengths = tuple(n + left + right for n, (left, right) in zip(input.shape[-2:], widths, strict=True))
    grad = window_sums_adjoint(wide(grad_out), windows, weights, lengths)
    return extend_backward(grad, widths, padding_mode).astype(input.dtype, copy=False)


def _checked(
    input: Array, kernel_size: int, stride: int, padding_mode: str
) -> tuple[Windows, list[list[float]], list[tuple[int, int]]]:
    # windows in the padded input, a weight per tap of each axis, (left, right) padding of each axis
    float_array("input", input, (3, 4), AXES[2])
    not_empty("input", input, 3)
    k, s = positive_int("kernel_size", kernel_size), positive_int("stride", stride)
    choice("padding_mode", padding_mode, MODES)
    height, width = ((n - 1) // s + 1 for n in input.shape[-2:])
    row = [math.comb(k - 1, i) / 2 ** (k - 1) for i in range(k)]
    windows = Windows((k, k), (s, s), (1, 1), (0, 0), (height, width))
    return windows, [row, row], [((k - 1) // 2, k // 2)] * 2
