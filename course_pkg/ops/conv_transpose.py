"""Transposed convolution layers, the adjoints of convolution layers, plus bias, forward and backward."""

from course_pkg._validate import Array, float_array, has_shape, integers, positive_int, same_dtype
from course_pkg.ops._conv import (
    add_bias,
    apply,
    apply_adjoint,
    batched,
    bias_gradient,
    check_arrays,
    finished,
    weight_gradient,
)
from course_pkg.ops._windows import Ints, Windows


def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Array:
    """1D transposed convolution layer, as `torch.nn.functional.conv_transpose1d` computes it.

    Each input adds a copy of the kernel, scaled by it, to the output, S positions further for each input:
    y[n, o, S i - P + D k] += x[n, c, i] weight[c, o, k], starting from bias[o].

    Parameters
    ----------
    input
        Shape (N, C, L), or (C, L) for one example.
    weight
        Shape (C, O / groups, K): that of the `conv1d` whose adjoint this is, which has C outputs.
    bias
        Shape (O,), or None.
    stride
        Output positions between the copies of neighbouring inputs.
    padding
        Output positions taken away at each end.
    output_padding
        Output positions added at the right end, less than `stride` or `dilation`. Without them the output has
        the shortest of the lengths that `conv1d` maps to L.
    groups
        Number of groups that channels are split into, as in `conv1d`.
    dilation
        Positions between kernel taps; 1 is dense.

    Returns
    -------
    numpy.ndarray
        Shape (N, O, P), or (O, P), with P = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding
        + 1, in the dtype of `input`.

    Raises
    ------
    TypeError
        If an array is not a NumPy array of real numbers, the dtypes differ, or a number is not an integer.
    ValueError
        If a rank or shape does not fit, a number is out of range, or no output is left.

    References
    ----------
    Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, chapter 4.

    Examples
    --------
    >>> x, w = np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0, 100.0]]])
    >>> conv_transpose1d(x, w, stride=2)
    array([[  1.,  10., 102.,  20., 200.]])
    """
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose1d_backward(
    grad_out: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> tuple[Array, Array, Array | None]:
    """Gradients of `conv_transpose1d` with respect to `input`, `weight` and `bias`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, weight, bias, stride, padding, output_padding, groups, dilation
        As in `conv_transpose1d`; floating-point arrays.

    Returns
    -------
    grad_input, grad_weight, grad_bias : numpy.ndarray
        Of the shapes and the dtype of the arguments; `grad_bias` is None if `bias` is.

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose1d`; also if `grad_out` does not have the shape of the result, or an array is not
        floating-point.

    Examples
    --------
    >>> x, w = np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0, 100.0]]])
    >>> g = np.array([[1.0, 0.0, 0.0, 0.0, 1.0]])
    >>> grad_input, grad_weight, grad_bias = conv_transpose1d_backward(g, x, w, stride=2)
    >>> grad_input, grad_weight
    (array([[  1., 100.]]), array([[[1., 0., 2.]]]))
    """
    return _backward(1, grad_out, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Array:
    """2D transposed convolution layer, as `torch.nn.functional.conv_transpose2d` computes it.

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example.
    weight
        Shape (C, O / groups, K_h, K_w).
    bias
        Shape (O,), or None.
    stride, padding, output_padding, dilation
        As in `conv_transpose1d`; an integer for both axes, or (vertical, horizontal).
    groups
        As in `conv_transpose1d`.

    Returns
    -------
    numpy.ndarray
        Shape (N, O, P_h, P_w), or (O, P_h, P_w), in the dtype of `input`; along each axis as many positions
        as `conv_transpose1d` has.

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose1d`.

    References
    ----------
    Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, chapter 4. Odena, Dumoulin &
    Olah (2016), Deconvolution and checkerboard artifacts, Distill.

    Examples
    --------
    >>> conv_transpose2d(np.ones((1, 2, 2)), np.ones((1, 1, 2, 2)))  # four overlapping copies
    array([[[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]]])
    """
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d_backward(
    grad_out: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> tuple[Array, Array, Array | None]:
    """Gradients of `conv_transpose2d` with respect to `input`, `weight` and `bias`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, weight, bias, stride, padding, output_padding, groups, dilation
        As in `conv_transpose2d`; floating-point arrays.

    Returns
    -------
    grad_input, grad_weight, grad_bias : numpy.ndarray
        Of the shapes and the dtype of the arguments; `grad_bias` is None if `bias` is.

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose1d_backward`.

    Examples
    --------
    >>> x, w = np.ones((1, 1, 1)), np.ones((1, 1, 2, 2))
    >>> grad_input, grad_weight, grad_bias = conv_transpose2d_backward(np.arange(4.0).reshape(1, 2, 2), x, w)
    >>> grad_input, grad_weight
    (array([[[6.]]]), array([[[[0., 1.],
             [2., 3.]]]]))
    """
    return _backward(2, grad_out, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv_transpose(
    rank: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> Array:
    windows, sizes = _checked(rank, input, weight, bias, stride, padding, output_padding, groups, dilation)
    y = apply_adjoint(batched(input, rank), weight, windows, groups, sizes)
    add_bias(y, bias)
    return finished(y, input, rank)


def _backward(
    rank: int,
    grad_out: Array,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> tuple[Array, Array, Array | None]:
    for name, array in {"grad_out": grad_out, "input": input, "weight": weight}.items():
        float_array(name, array)
    windows, sizes = _checked(rank, input, weight, bias, stride, padding, output_padding, groups, dilation)
    same_dtype(input=input, grad_out=grad_out)
    output_shape = (*input.shape[: -rank - 1], weight.shape[1] * groups, *sizes)
    has_shape("grad_out", grad_out, output_shape, "the shape of the output")

    x, g = batched(input, rank), batched(grad_out, rank)  # x is what the convolution's output was
    grad_weight = weight_gradient(g, x, windows, groups).astype(weight.dtype, copy=False)
    return finished(apply(g, weight, windows, groups), input, rank), grad_weight, bias_gradient(g, bias)


def _checked(
    rank: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> tuple[Windows, tuple[int, ...]]:
    # the windows of the convolution whose adjoint this is, and its input's sizes, which are the output's
    check_arrays(rank, input, weight, bias, "C, O / groups")
    strides = integers("stride", stride, rank, minimum=1)
    before = integers("padding", padding, rank, minimum=0)
    extra = integers("output_padding", output_padding, rank, minimum=0)
    dilations = integers("dilation", dilation, rank, minimum=1)
    groups = positive_int("groups", groups)
    if len(weight) % groups:
        raise ValueError(f"weight: got {len(weight)} input channels, expected a multiple of groups={groups}")
    if input.shape[-rank - 1] != len(weight):
        raise ValueError(
            f"input: got {input.shape[-rank - 1]} channels, expected {len(weight)}, as weight has shape "
            f"{weight.shape}"
        )
    if bias is not None:
        has_shape("bias", bias, (weight.shape[1] * groups,), "one number per output channel")
    positions, kernel, sizes = input.shape[-rank:], weight.shape[2:], []
    for n, k, s, d, p, e in zip(positions, kernel, strides, dilations, before, extra, strict=True):
        if e >= max(s, d):
            raise ValueError(f"output_padding: got {e}, expected less than stride={s} or dilation={d}")
        sizes.append((n - 1) * s - 2 * p + d * (k - 1) + e + 1)
        if sizes[-1] < 1:
            raise ValueError(f"padding: got {p}, which leaves {sizes[-1]} outputs, expected at least 1")
    return Windows(kernel, strides, dilations, before, positions), tuple(sizes)
