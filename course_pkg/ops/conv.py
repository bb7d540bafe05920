"""Convolution layers in one and two dimensions: cross-correlation plus bias, forward and backward."""

from course_pkg._validate import Array
from course_pkg.ops._conv import conv, conv_backward
from course_pkg.ops._windows import Ints


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
    return conv(1, input, weight, bias, stride, padding, dilation, groups)


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
    return conv_backward(1, grad_out, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """2D convolution layer (cross-correlation plus bias), as `torch.nn.functional.conv2d` computes it.

    y[n, o, i, j] = bias[o] + sum over c, k, l of x[n, c, S i - P + D k, S j - P + D l] weight[o, c, k, l],
    with x zero outside.

    Parameters
    ----------
    input
        Shape (N, C, H, W), or (C, H, W) for one example.
    weight
        Shape (O, C / groups, K_h, K_w).
    bias
        Shape (O,), or None.
    stride, padding, dilation
        As in `conv1d`; an integer for all axes, or one for each, (vertical, horizontal).
    groups
        As in `conv1d`.

    Returns
    -------
    numpy.ndarray
        Shape (N, O, P_h, P_w), or (O, P_h, P_w), in the dtype of `input`; along each axis
        as many positions as `conv1d` has.

    Raises
    ------
    TypeError, ValueError
        As `conv1d`.

    References
    ----------
    Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, chapter 2. Chellapilla, Puri
    & Simard (2006), High performance convolutional neural networks for document processing, for the one
    matrix product.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3)  # (C, H, W)
    >>> w = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])  # a value less its lower right neighbour
    >>> conv2d(x, w)
    array([[[-4., -4.],
            [-4., -4.]]])
    >>> conv2d(x, w, stride=(1, 2)).shape
    (1, 2, 1)
    """
    return conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv2d_backward(
    grad_out: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array | None]:
    """Gradients of `conv2d` with respect to `input`, `weight` and `bias`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, weight, bias, stride, padding, dilation, groups
        As in `conv2d`; floating-point arrays.

    Returns
    -------
    grad_input, grad_weight, grad_bias : numpy.ndarray
        Of the shapes and the dtype of the arguments; `grad_bias` is None if `bias` is.

    Raises
    ------
    TypeError, ValueError
        As `conv1d_backward`.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), Deep Learning, equations 9.11 and 9.13.

    Examples
    --------
    >>> x, w = np.arange(9.0).reshape(1, 3, 3), np.ones((1, 1, 2, 2))
    >>> grad_input, grad_weight, grad_bias = conv2d_backward(np.ones((1, 2, 2)), x, w)
    >>> grad_input
    array([[[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]]])
    >>> grad_weight
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    return conv_backward(2, grad_out, input, weight, bias, stride, padding, dilation, groups)
