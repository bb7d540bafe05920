"""Convolution layers: cross-correlation plus bias, over batches and channels, forward and backward.

The windows that the kernel sees are laid out as the columns of a matrix (im2col), and one matrix product per
group gives all outputs. The inner functions take any number of spatial axes; the comments write them for one,
length L, with kernel size K and P output positions.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_pkg._validate import (
    Array,
    choice,
    float_array,
    has_shape,
    integers,
    positive_int,
    real_array,
    same_dtype,
)
from course_pkg.ops.pad import extend

Ints = int | tuple[int, ...] | list[int]
# stride, (left, right) padding and dilation of each axis; groups
Geometry = tuple[tuple[int, ...], list[tuple[int, int]], tuple[int, ...], int]

AXES = {1: ("L", "K")}  # spatial axes of input and weight, as the messages write them


def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """1D convolution layer (cross-correlation plus bias), as `torch.nn.functional.conv1d` computes it.

    y[n, o, i] = bias[o] + sum over c, k of x[n, c, S i - P + D k] weight[o, c, k], with x zero outside.

    Parameters
    ----------
    input
        Shape (N, C, L), or (C, L) for one example.
    weight
        Shape (O, C / groups, K).
    bias
        Shape (O,), or None.
    stride, dilation
        Positions between outputs, and between kernel taps (1 is dense): an integer or a tuple of one.
    padding
        Zeros added at each end: an integer or a tuple of one; "valid" is 0; "same" keeps the length, with
        stride 1 only, and puts the odd zero at the right end.
    groups
        Number of groups that channels are split into; outputs of a group see only the inputs of that group.

    Returns
    -------
    numpy.ndarray
        Shape (N, O, P), or (O, P), with P = (L + 2 padding - dilation (K - 1) - 1) // stride + 1, in the
        dtype of `input`. Half precision is summed in single precision.

    Raises
    ------
    TypeError
        If an array is not a NumPy array of real numbers, the dtypes differ, or a number is not an integer.
    ValueError
        If a rank or shape does not fit, a number is out of range, the kernel is longer than the padded input,
        or there are no positions or channels. A batch of no examples is fine.

    References
    ----------
    Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, chapter 2. PyTorch
    documentation of `torch.nn.functional.conv1d`; unlike there, an input without channels is refused.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])  # (C, L)
    >>> w = np.array([[[1.0, 0.0, -1.0]]])  # (O, C, K)
    >>> conv1d(x, w)
    array([[-2., -2., -2.]])
    >>> conv1d(x, w, bias=np.array([10.0]), stride=2, padding=1)
    array([[ 8.,  8., 14.]])
    """
    geometry = _checked(1, input, weight, bias, stride, padding, dilation, groups)
    return _conv(input, weight, bias, *geometry)


def conv1d_backward(
    grad_out: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array | None]:
    """Gradients of `conv1d` with respect to `input`, `weight` and `bias`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, shape (N, O, P) or (O, P), in the dtype of `input`.
    input, weight, bias, stride, padding, dilation, groups
        As in `conv1d`; floating-point arrays.

    Returns
    -------
    grad_input, grad_weight, grad_bias : numpy.ndarray
        Of the shapes and the dtype of the arguments; `grad_bias` is None if `bias` is.

    Raises
    ------
    TypeError, ValueError
        As `conv1d`; also if `grad_out` does not have the shape of the result, or an array is not
        floating-point.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), Deep Learning, equations 9.11 and 9.13.

    Examples
    --------
    >>> x, w = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), np.array([[[1.0, 0.0, -1.0]]])
    >>> grad_input, grad_weight, grad_bias = conv1d_backward(np.array([[1.0, 0.0, 0.0]]), x, w)
    >>> grad_input, grad_weight, grad_bias
    (array([[ 1.,  0., -1.,  0.,  0.]]), array([[[1., 2., 3.]]]), None)
    """
    for name, array in {"grad_out": grad_out, "input": input, "weight": weight}.items():
        float_array(name, array)
    geometry = _checked(1, input, weight, bias, stride, padding, dilation, groups)
    return _conv_backward(grad_out, input, weight, bias, *geometry)


def _checked(
    rank: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
) -> Geometry:
    # everything that can be wrong, said by the argument's name
    axes, taps = AXES[rank]
    real_array("input", input, (rank + 1, rank + 2), shape=f"(C, {axes}) or (N, C, {axes})")
    real_array("weight", weight, rank + 2, shape=f"(O, C / groups, {taps})")
    if bias is not None:
        real_array("bias", bias)
    same_dtype(input=input, weight=weight, bias=bias)
    strides = integers("stride", stride, rank, minimum=1)
    dilations = integers("dilation", dilation, rank, minimum=1)
    groups = positive_int("groups", groups)

    spatial, kernel = input.shape[-rank:], weight.shape[2:]
    if 0 in weight.shape:
        raise ValueError(f"weight: got shape {weight.shape}, expected no axis of length 0")
    if 0 in input.shape[-rank - 1 :]:
        raise ValueError(f"input: got shape {input.shape}, expected at least one channel and one position")
    if weight.shape[0] % groups:
        raise ValueError(
            f"weight: got {weight.shape[0]} output channels, expected a multiple of groups={groups}"
        )
    channels = weight.shape[1] * groups
    if input.shape[-rank - 1] != channels:
        raise ValueError(
            f"input: got {input.shape[-rank - 1]} channels, expected {channels}, "
            f"as weight has shape {weight.shape} and groups={groups}"
        )
    if bias is not None:
        has_shape("bias", bias, weight.shape[:1], "one number per output channel")
    paddings = _paddings(padding, rank, kernel, strides, dilations)
    for n, k, d, (left, right) in zip(spatial, kernel, dilations, paddings, strict=True):
        if d * (k - 1) + 1 > n + left + right:
            raise ValueError(
                f"weight: got kernel size {k}, which with dilation={d} spans {d * (k - 1) + 1} positions, "
                f"expected at most {n + left + right}, the length of the padded input"
            )
    return strides, paddings, dilations, groups


def _paddings(
    padding: Ints | str,
    rank: int,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> list[tuple[int, int]]:
    # (left, right) along each axis
    if not isinstance(padding, str):
        return [(p, p) for p in integers("padding", padding, rank, minimum=0)]
    if choice("padding", padding, ("valid", "same")) == "valid":
        return [(0, 0)] * rank
    if set(strides) != {1}:
        raise ValueError(f"stride: got {strides}, expected 1 with padding='same'")
    totals = [d * (k - 1) for k, d in zip(kernel, dilations, strict=True)]
    return [(total // 2, total - total // 2) for total in totals]


def _conv(input: Array, weight: Array, bias: Array | None, *geometry: *Geometry) -> Array:
    groups = geometry[-1]
    columns, positions = _columns(input, weight, *geometry)
    y = _rows(weight, groups) @ columns  # (G, O/G, N P)
    if bias is not None:
        y += bias.reshape(groups, -1, 1)
    y = y.reshape(weight.shape[0], -1, *positions).swapaxes(0, 1)  # (N, O, P)
    y = np.ascontiguousarray(y, input.dtype)
    return y if input.ndim == weight.ndim else y[0]


def _conv_backward(
    grad_out: Array, input: Array, weight: Array, bias: Array | None, *geometry: *Geometry
) -> tuple[Array, Array, Array | None]:
    strides, paddings, dilations, groups = geometry
    columns, positions = _columns(input, weight, *geometry)
    same_dtype(input=input, grad_out=grad_out)
    output_shape = (*input.shape[: -len(positions) - 1], weight.shape[0], *positions)
    has_shape("grad_out", grad_out, output_shape, "the shape of the output")

    g = _rows(_batched(grad_out, weight).swapaxes(0, 1), groups)  # (G, O/G, N P)
    grad_bias = None if bias is None else g.sum(-1).reshape(bias.shape).astype(bias.dtype)
    grad_weight = (g @ columns.swapaxes(1, 2)).reshape(weight.shape).astype(weight.dtype)

    n, c, *spatial = _batched(input, weight).shape
    grad_columns = _rows(weight, groups).swapaxes(1, 2) @ g  # (G, C/G K, N P)
    grad_columns = grad_columns.reshape(c, *weight.shape[2:], n, *positions)  # (C, K, N, P)
    padded = [size + left + right for size, (left, right) in zip(spatial, paddings, strict=True)]
    grad_padded = np.zeros((c, n, *padded), g.dtype)
    for tap in np.ndindex(weight.shape[2:]):  # tap k read every S-th position from D k on: give back there
        read = (
            slice(d * k, d * k + s * (p - 1) + 1, s)
            for k, d, s, p in zip(tap, dilations, strides, positions, strict=True)
        )
        grad_padded[:, :, *read] += grad_columns[:, *tap]
    inside = (slice(left, left + size) for size, (left, _) in zip(spatial, paddings, strict=True))
    grad_input = np.ascontiguousarray(grad_padded[:, :, *inside].swapaxes(0, 1), input.dtype)
    return grad_input.reshape(input.shape), grad_weight, grad_bias


def _columns(input: Array, weight: Array, *geometry: *Geometry) -> tuple[Array, tuple[int, ...]]:
    # what each output position sees, as columns (G, C/G K, N P), and the output positions (P,)
    strides, paddings, dilations, groups = geometry
    rank = weight.ndim - 2
    x = extend(_wide(_batched(input, weight)), paddings, "constant")  # (N, C, L)
    spans = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilations, strict=True)]
    windows = sliding_window_view(x, spans, axis=tuple(range(2, 2 + rank)))  # (N, C, L', span), a view
    steps = (slice(None, None, step) for step in (*strides, *dilations))
    windows = windows[:, :, *steps]  # (N, C, P, K)
    positions = windows.shape[2 : 2 + rank]
    windows = windows.transpose(1, *range(2 + rank, 2 + 2 * rank), 0, *range(2, 2 + rank))  # (C, K, N, P)
    return windows.reshape(groups, weight[0].size, len(x) * math.prod(positions)), positions


def _rows(array: Array, groups: int) -> Array:
    # weight (O, C/G, K) or gradient (O, N, P) as one matrix per group, a row for each of its outputs
    shape = (groups, array.shape[0] // groups, math.prod(array.shape[1:]))
    return _wide(array).reshape(shape)


def _batched(array: Array, weight: Array) -> Array:
    return array if array.ndim == weight.ndim else array[None]


def _wide(array: Array) -> Array:
    # half precision is computed in single precision
    return array.astype(np.float32) if array.dtype == np.float16 else array
