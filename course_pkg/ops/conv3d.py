"""Convolution layers in three dimensions, for volumes and videos, forward and backward."""

from course_pkg._validate import Array
from course_pkg.ops._conv import conv, conv_backward
from course_pkg.ops._windows import Ints


def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """3D convolution layer (cross-correlation plus bias), as `torch.nn.functional.conv3d` computes it.

    As `conv2d`, with one more axis in front, for volumes or videos.

    Parameters
    ----------
    input
        Shape (N, C, D, H, W), or (C, D, H, W) for one example.
    weight
        Shape (O, C / groups, K_d, K_h, K_w).
    bias
        Shape (O,), or None.
    stride, padding, dilation
        As in `conv1d`; an integer for all axes, or one for each, (depth, vertical, horizontal).
    groups
        As in `conv1d`.

    Returns
    -------
    numpy.ndarray
        Shape (N, O, P_d, P_h, P_w), or (O, P_d, P_h, P_w), in the dtype of `input`; along each axis
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
    >>> conv3d(np.ones((1, 2, 2, 3)), np.ones((1, 1, 2, 2, 2)))
    array([[[[8., 8.]]]])
    """
    return conv(3, input, weight, bias, stride, padding, dilation, groups)


def conv3d_backward(
    grad_out: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array | None]:
    """Gradients of `conv3d` with respect to `input`, `weight` and `bias`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape, in the dtype of `input`.
    input, weight, bias, stride, padding, dilation, groups
        As in `conv3d`; floating-point arrays.

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
    >>> x, w = np.ones((1, 2, 2, 3)), np.ones((1, 1, 2, 2, 2))
    >>> grad_input, grad_weight, grad_bias = conv3d_backward(np.array([[[[1.0, 5.0]]]]), x, w)
    >>> grad_input[0, 0]
    array([[1., 6., 5.],
           [1., 6., 5.]])
    """
    return conv_backward(3, grad_out, input, weight, bias, stride, padding, dilation, groups)
