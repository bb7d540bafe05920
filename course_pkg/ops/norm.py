"""Local response normalisation across channels, forward and backward."""

from course_pkg._validate import Array, describe, float_array, has_shape, number, positive_int, same_dtype
from course_pkg.ops._conv import wide


def local_response_norm(
    input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """Each value divided by a power of the mean square of its neighbours in other channels.

    y[c] = x[c] / (k + alpha / size sum over c' of x[c']²)^beta, with c' from c - size // 2 to
    c + (size - 1) // 2 where there is such a channel: `torch.nn.functional.local_response_norm`.

    Parameters
    ----------
    input
        Shape (N, C, ...), with at least one more axis; floating-point.
    size
        Number of channels that are looked at.
    alpha, beta, k
        Numbers, as in the formula. AlexNet's paper leaves out the division by `size`: its alpha is
        `alpha / size` here.

    Returns
    -------
    numpy.ndarray
        Shape and dtype of `input`.

    Raises
    ------
    TypeError
        If `input` is not a floating-point array, `size` not an integer or another argument not a number.
    ValueError
        If `input` has less than 3 dimensions, or `size` is less than 1.

    References
    ----------
    Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional neural networks,
    section 3.3. PyTorch documentation of `torch.nn.LocalResponseNorm`.

    Examples
    --------
    >>> x = np.array([[[1.0], [2.0], [2.0]]])  # (N, C, L)
    >>> local_response_norm(x, size=3, alpha=3.0, beta=1.0, k=0.0)
    array([[[0.2       ],
            [0.22222222],
            [0.25      ]]])
    """
    _checked(input, size, alpha, beta, k)
    x = wide(input)
    return (x * _scale(x, size, alpha, k) ** -beta).astype(input.dtype, copy=False)


def local_response_norm_backward(
    grad_out: Array, input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """Gradient of `local_response_norm` with respect to `input`.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the result, of its shape and dtype.
    input, size, alpha, beta, k
        As in `local_response_norm`.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape and dtype of `input`.

    Raises
    ------
    TypeError, ValueError
        As `local_response_norm`; also if `grad_out` does not have the shape and dtype of `input`.

    Examples
    --------
    >>> x = np.array([[[2.0]]])
    >>> local_response_norm_backward(np.array([[[1.0]]]), x, size=1, alpha=1.0, beta=1.0, k=0.0)
    array([[[-0.25]]])
    """
    _checked(input, size, alpha, beta, k)
    float_array("grad_out", grad_out)
    same_dtype(input=input, grad_out=grad_out)
    has_shape("grad_out", grad_out, input.shape, "the shape of the result")
    x, g = wide(input), wide(grad_out)
    scale = _scale(x, size, alpha, k)
    # x[c'] is in the sum of c if c is in the mirrored neighbourhood of c'
    through_sums = _neighbours(g * x * scale ** (-beta - 1), (size - 1) // 2, size // 2)
    grad = g * scale**-beta - 2 * alpha * beta / size * x * through_sums
    return grad.astype(input.dtype, copy=False)


def _scale(x: Array, size: int, alpha: float, k: float) -> Array:
    return k + alpha / size * _neighbours(x * x, size // 2, (size - 1) // 2)


def _neighbours(x: Array, before: int, after: int) -> Array:
    # sum over channels c - before to c + after of (N, C, ...)
    total = x.copy()
    for shift in range(1, min(before, x.shape[1] - 1) + 1):
        total[:, shift:] += x[:, :-shift]
    for shift in range(1, min(after, x.shape[1] - 1) + 1):
        total[:, :-shift] += x[:, shift:]
    return total


def _checked(input: Array, size: int, alpha: float, beta: float, k: float) -> None:
    float_array("input", input)
    if input.ndim < 3:
        raise ValueError(f"input: got {describe(input)}, expected at least 3 dimensions, (N, C, ...)")
    positive_int("size", size)
    for name, value in {"alpha": alpha, "beta": beta, "k": k}.items():
        number(name, value)
