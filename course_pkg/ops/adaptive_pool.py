"""Average pooling into a given number of windows, forward and backward."""

import numpy as np

from course_pkg._validate import Array, describe, float_array, integers, not_empty
from course_pkg.ops._axes import mean_parts, mean_parts_adjoint
from course_pkg.ops._conv import wide
from course_pkg.ops._pool import AXES, check_grad


def adaptive_avg_pool2d(input: Array, output_size: int | tuple[int | None, ...]) -> Array:
    """Means over as many windows as asked for, as `torch.nn.functional.adaptive_avg_pool2d` computes them.

    With n inputs and p outputs along an axis, window i is from floor(i n / p) to before ceil((i + 1) n / p).

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example; floating-point.
    output_size
        Number of outputs along both axes, or (vertical, horizontal), of which None is as many as there are
        inputs.

    Returns
    -------
    numpy.ndarray
        Shape (N, C, P_h, P_w), or (C, P_h, P_w), in the dtype of `input`.

    Raises
    ------
    TypeError
        If `input` is not a floating-point array, or a size not an integer.
    ValueError
        If a rank or size is out of range, or there are no positions.

    References
    ----------
    PyTorch documentation of `torch.nn.AdaptiveAvgPool2d`. Lin, Chen & Yan (2014), Network in network, section
    3.2, for the mean over all positions, `output_size` 1.

    Examples
    --------
    >>> adaptive_avg_pool2d(np.array([[[1.0, 2.0, 3.0, 4.0, 5.0]]]), (1, 2))
    array([[[2., 4.]]])
    """
    positions = _adaptive_sizes(input, output_size)
    y = wide(input)
    for axis, p in zip((-2, -1), positions, strict=True):
        y = mean_parts(y, axis, p)
    return np.array(y, input.dtype)


def adaptive_avg_pool2d_backward(
    grad_out: Array, input: Array, output_size: int | tuple[int | None, ...]
) -> Array:
    """Gradient of `adaptive_avg_pool2d` with respect to `input`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, output_size
        As in `adaptive_avg_pool2d`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `adaptive_avg_pool2d`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> adaptive_avg_pool2d_backward(np.array([[[3.0, 6.0]]]), np.zeros((1, 1, 5)), (1, 2))
    array([[[1., 1., 3., 2., 2.]]])
    """
    positions = _adaptive_sizes(input, output_size)
    check_grad(grad_out, input, positions)
    grad = wide(grad_out)
    for axis, n in zip((-2, -1), input.shape[-2:], strict=True):
        grad = mean_parts_adjoint(grad, axis, n)
    return np.array(grad, input.dtype)


def _adaptive_sizes(input: Array, output_size: int | tuple[int | None, ...]) -> tuple[int, ...]:
    float_array("input", input, (3, 4), AXES[2])
    not_empty("input", input, 3)
    asked = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    if len(asked) != 2:
        raise ValueError(f"output_size: got {describe(output_size)}, expected one number, or a tuple of 2")
    if output_size is None:
        raise TypeError("output_size: got None, expected one number, or a tuple of 2")
    filled = tuple(n if p is None else p for n, p in zip(input.shape[-2:], asked, strict=True))
    return integers("output_size", filled, 2, minimum=1)
