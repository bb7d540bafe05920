"""Padding: what a signal is taken to be beyond its ends, forward and backward."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from course_pkg._validate import Array, choice, describe, has_shape, integer, number, real_array

MODES = ("constant", "circular", "reflect", "replicate")
Widths = Sequence[tuple[int, int]]  # (left, right) for each of the last axes


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    """Padded copy of an array, as `torch.nn.functional.pad` makes it.

    Parameters
    ----------
    input
        Any shape, for example (N, C, L); any real dtype, which is kept.
    pad
        Widths from the last axis backwards: (left, right) for the last axis, (left, right, top, bottom) for
        the last two. A negative width crops the axis before the other end is padded.
    mode
        With 1 2 3 4 padded by 2 on the right: "constant" 1 2 3 4 0 0, "circular" 1 2 3 4 1 2,
        "reflect" 1 2 3 4 3 2 (the end is not repeated; SciPy's `ndimage` calls it "mirror"),
        "replicate" 1 2 3 4 4 4. In PyTorch's `Conv1d(padding_mode=...)` "zeros" is "constant".
    value
        What "constant" pads with; None is 0.

    Returns
    -------
    numpy.ndarray
        A new array, each padded axis longer by its two widths. Unlike in PyTorch, any number of axes of an
        array of any rank can be padded in any mode.

    Raises
    ------
    TypeError
        If `input` is not an array of real numbers, `pad` not a sequence of integers, `mode` not a string.
    ValueError
        If `pad` has an odd length, names more axes than there are or crops all of one; if a "circular" width
        is greater than the axis or a "reflect" width not less; if `mode` is unknown; if `value` comes with
        another mode.

    References
    ----------
    PyTorch documentation of `torch.nn.functional.pad`.

    Examples
    --------
    >>> pad(np.array([[1, 2, 3, 4]]), (2, 1), mode="reflect")
    array([[3, 2, 1, 2, 3, 4, 3]])
    """
    widths = _checked_widths(input, pad, mode, value)
    padded = extend(_crop(input, widths), _grown(widths), mode, 0 if value is None else value)
    return padded.copy() if np.may_share_memory(padded, input) else padded


def pad_backward(
    grad_out: Array, input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Array:
    """Gradient of `pad` with respect to `input`: each position gives its gradient to the value it copied.

    Parameters
    ----------
    grad_out
        Gradient of the loss with respect to the padded array, of its shape.
    input, pad, mode, value
        As in `pad`; of `input` only the shape is used.

    Returns
    -------
    numpy.ndarray
        Gradient with the shape of `input` and the dtype of `grad_out`.

    Raises
    ------
    TypeError, ValueError
        As `pad`; also if `grad_out` does not have the shape of the padded array.

    Examples
    --------
    >>> pad_backward(np.ones(6), np.zeros(4), (0, 2), mode="circular")
    array([2., 2., 1., 1.])
    """
    widths = _checked_widths(input, pad, mode, value)
    real_array("grad_out", grad_out)
    kept = input.shape[: input.ndim - len(widths)]
    padded = (
        *kept,
        *(n + left + right for n, (left, right) in zip(input.shape[len(kept) :], widths, strict=True)),
    )
    has_shape("grad_out", grad_out, padded, "the shape of the padded input")
    grad_input = np.zeros(input.shape, grad_out.dtype)
    inside = _crop(grad_input, widths)  # a view
    inside += extend_backward(grad_out, _grown(widths), mode)
    return grad_input


def extend(x: Array, widths: Widths, mode: str, value: float = 0) -> Array:
    """`x` with its last `len(widths)` axes padded, repeating the rule of `mode` as often as needed.

    Not a copy if all widths are 0.

    Examples
    --------
    >>> extend(np.array([1, 2, 3]), [(4, 1)], "circular")
    array([3, 1, 2, 3, 1, 2, 3, 1])
    """
    for axis, (left, right) in zip(range(-len(widths), 0), widths, strict=True):
        if left == right == 0:
            continue
        source = source_positions(x.shape[axis], left, right, mode)
        x = np.take(x, source, axis)
        np.moveaxis(x, axis, 0)[source < 0] = value
    return x


def extend_backward(grad: Array, widths: Widths, mode: str) -> Array:
    """Adjoint of `extend`: sums what each position was copied to.

    Examples
    --------
    >>> extend_backward(np.ones(5), [(1, 1)], "reflect")
    array([1., 3., 1.])
    """
    for axis, (left, right) in zip(range(-len(widths), 0), widths, strict=True):
        if left == right == 0:
            continue
        grad = np.moveaxis(grad, axis, 0)
        n = len(grad) - left - right
        source = source_positions(n, left, right, mode)
        total = np.zeros((n, *grad.shape[1:]), grad.dtype)
        np.add.at(total, source[source >= 0], grad[source >= 0])
        grad = np.moveaxis(total, 0, axis)
    return np.ascontiguousarray(grad)


def source_positions(n: int, left: int, right: int, mode: str) -> npt.NDArray[np.intp]:
    """For each position of a padded axis, the position that it copies of the axis of length n; -1: none.

    Examples
    --------
    >>> source_positions(4, 2, 2, "reflect")
    array([2, 1, 0, 1, 2, 3, 2, 1])
    """
    i = np.arange(-left, n + right)
    if mode == "constant":
        return np.where((i >= 0) & (i < n), i, -1)
    if mode == "replicate":
        return i.clip(0, n - 1)
    if mode == "circular" or n == 1:
        return i % n
    i %= 2 * (n - 1)  # there and back, the ends not repeated
    return np.minimum(i, 2 * (n - 1) - i)


def _checked_widths(
    input: Array, pad: Sequence[int], mode: str, value: float | None
) -> list[tuple[int, int]]:
    # (left, right) per padded axis, first of them first
    real_array("input", input)
    choice("mode", mode, MODES)
    if mode != "constant" and value is not None:
        raise ValueError(f"value: got {value}, expected None with mode={mode!r}")
    if value is not None:
        number("value", value)
    if not isinstance(pad, tuple | list):
        raise TypeError(f"pad: got {describe(pad)}, expected a tuple (left, right, ...)")
    numbers = [integer(f"pad[{i}]", p) for i, p in enumerate(pad)]
    if len(numbers) % 2 or len(numbers) > 2 * input.ndim:
        raise ValueError(
            f"pad: got {tuple(numbers)}, expected two widths for each of up to {input.ndim} axes"
        )
    widths = list(zip(numbers[::2], numbers[1::2], strict=True))[::-1]
    for n, (left, right) in zip(input.shape[input.ndim - len(widths) :], widths, strict=True):
        kept = n + min(left, 0) + min(right, 0)
        most = {"circular": kept, "reflect": kept - 1}.get(mode, max(left, right))
        got = f"pad: got ({left}, {right}) for an axis of length {n}"
        if kept < 1:
            raise ValueError(f"{got}, expected to leave some of it")
        if max(left, right) > most:
            raise ValueError(f"{got}, expected at most {most} in mode {mode!r}")
    return widths


def _grown(widths: Widths) -> list[tuple[int, int]]:
    return [(max(left, 0), max(right, 0)) for left, right in widths]


def _crop(x: Array, widths: Widths) -> Array:
    return x[(..., *(slice(max(-left, 0), min(right, 0) or None) for left, right in widths))]
