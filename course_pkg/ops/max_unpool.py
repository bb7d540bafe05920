"""The way back from max pooling, forward and backward."""

import math

import numpy as np

from course_pkg._validate import Array, float_array, has_shape, integers, not_empty, real_array
from course_pkg.ops._pool import AXES, check_grad, in_all_channels
from course_pkg.ops._windows import Ints


def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: tuple[int, ...] | list[int] | None = None,
) -> Array:
    """Values put back where max pooling found them, zeros elsewhere, as `torch.nn.functional.max_unpool2d`.

    Parameters
    ----------
    input
        Shape (N, C, P_h, P_w), or (C, P_h, P_w): values such as those that `max_pool2d` returned.
    indices
        Of the same shape, integers: the positions that `max_pool2d` returned with them.
    kernel_size, stride, padding
        As they were in `max_pool2d`.
    output_size
        Size of the result, (H, W) or a whole shape; None is the least that these windows can have come from,
        S (P - 1) - 2 padding + K along each axis. It may differ from this by less than the stride.

    Returns
    -------
    numpy.ndarray
        Shape (N, C, H, W), or (C, H, W), in the dtype of `input`. If two values have one position, the last
        in reading order stays.

    Raises
    ------
    TypeError
        If an array or a number is not of the type described.
    ValueError
        If the shapes differ, a size is out of range, or an index is not inside the result.

    References
    ----------
    Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, section 2.1.

    Examples
    --------
    >>> max_unpool2d(np.array([[[6.0, 8.0]]]), np.array([[[5, 7]]]), 2)
    array([[[0., 0., 0., 0.],
            [0., 6., 0., 8.]]])
    """
    sizes = _unpool_sizes(input, indices, kernel_size, stride, padding, output_size)
    y = np.zeros((*input.shape[:-2], *sizes), input.dtype)
    y.reshape(-1)[in_all_channels(indices, sizes)] = input.reshape(-1)
    return y


def max_unpool2d_backward(
    grad_out: Array,
    input: Array,
    indices: Array,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: tuple[int, ...] | list[int] | None = None,
) -> Array:
    """Gradient of `max_unpool2d` with respect to `input`: the gradients at the positions it was put to.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, indices, kernel_size, stride, padding, output_size
        As in `max_unpool2d`; `indices` have no gradient.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `max_unpool2d`; also if `grad_out` does not have the shape of the result.

    Examples
    --------
    >>> max_unpool2d_backward(np.arange(8.0).reshape(1, 2, 4), np.zeros((1, 1, 2)), np.array([[[5, 7]]]), 2)
    array([[[5., 7.]]])
    """
    sizes = _unpool_sizes(input, indices, kernel_size, stride, padding, output_size)
    check_grad(grad_out, input, sizes)
    return grad_out.reshape(-1)[in_all_channels(indices, sizes)].reshape(input.shape)


def _unpool_sizes(
    input: Array,
    indices: Array,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    output_size: tuple[int, ...] | list[int] | None,
) -> tuple[int, ...]:
    float_array("input", input, (3, 4), AXES[2])
    real_array("indices", indices, kinds="iu")
    has_shape("indices", indices, input.shape, "the shape of input")
    not_empty("input", input, 3)
    kernel = integers("kernel_size", kernel_size, 2, minimum=1)
    strides = kernel if stride is None or stride == () else integers("stride", stride, 2, minimum=1)
    paddings = integers("padding", padding, 2, minimum=0)
    least = tuple(
        (p - 1) * s - 2 * before + k
        for p, s, before, k in zip(input.shape[-2:], strides, paddings, kernel, strict=True)
    )
    sizes = least
    if output_size is not None:
        shape = tuple(output_size)
        sizes = integers("output_size", shape[-2:] if len(shape) == input.ndim else shape, 2, minimum=1)
        if any(not m - s < n < m + s for n, m, s in zip(sizes, least, strides, strict=True)):
            raise ValueError(
                f"output_size: got {sizes}, expected {least} to within less than the stride {strides}"
            )
    if indices.size and (indices.min() < 0 or indices.max() >= math.prod(sizes)):
        raise ValueError(
            f"indices: got {indices.min()} to {indices.max()}, expected 0 to {math.prod(sizes) - 1}, "
            f"as the result has size {sizes}"
        )
    return sizes
