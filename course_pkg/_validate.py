"""Checks at the door of public functions: each says which argument, what came and what was expected.

A wrong type raises `TypeError`, a wrong value or shape `ValueError`.
"""

from collections.abc import Iterable
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def describe(value: object) -> str:
    """What came, in a few words: shape and dtype of an array, type and value of anything else.

    Examples
    --------
    >>> describe(np.zeros((2, 3)))
    'an array of shape (2, 3) and dtype float64'
    >>> describe(2.0)
    'float 2.0'
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    kind = type(value)
    if value is None:
        return "None"
    if kind.__module__.partition(".")[0] == "torch" and hasattr(value, "shape"):
        return f"a torch.Tensor of shape {tuple(value.shape)}"
    text = repr(value)
    return f"{kind.__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def integer(name: str, value: SupportsIndex, minimum: int | None = None) -> int:
    """`value` as an int, if it is a whole number of type int (or of a NumPy integer type) and large enough.

    Raises
    ------
    TypeError
        If `value` is not an integer; a bool and a float such as 2.0 are not.
    ValueError
        If `value` is less than `minimum`.

    Examples
    --------
    >>> integer("stride", np.int64(2), minimum=1)
    2
    >>> integer("stride", 0, minimum=1)
    Traceback (most recent call last):
    ...
    ValueError: stride: got 0, expected an integer of at least 1
    """
    wanted = "an integer" if minimum is None else f"an integer of at least {minimum}"
    # a bool is an int to Python, and an array of one number has __index__ too
    if isinstance(value, bool | np.bool | np.ndarray) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: got {describe(value)}, expected {wanted}")
    try:
        number = value.__index__()
    except TypeError:
        raise TypeError(f"{name}: got {describe(value)}, expected {wanted}") from None
    if minimum is not None and number < minimum:
        raise ValueError(f"{name}: got {number}, expected {wanted}")
    return number


def positive_int(name: str, value: SupportsIndex) -> int:
    """`integer` with minimum 1."""
    return integer(name, value, minimum=1)


def integers(name: str, value: Any, rank: int, minimum: int | None = None) -> tuple[int, ...]:
    """One integer per axis: a single integer, or a tuple of one, is meant for all `rank` axes, as in PyTorch.

    Raises
    ------
    TypeError
        If `value` is neither an integer nor a tuple or list of integers.
    ValueError
        If there is not one integer per axis, or one is less than `minimum`.

    Examples
    --------
    >>> integers("stride", 2, rank=2)
    (2, 2)
    >>> integers("stride", (1, 2), rank=1)
    Traceback (most recent call last):
    ...
    ValueError: stride: got (1, 2), expected one integer, or a tuple of 1
    """
    if not isinstance(value, tuple | list):
        return (integer(name, value, minimum),) * rank
    if len(value) == 1:
        return (integer(f"{name}[0]", value[0], minimum),) * rank
    if len(value) != rank:
        raise ValueError(f"{name}: got {value}, expected one integer, or a tuple of {rank}")
    return tuple(integer(f"{name}[{i}]", v, minimum) for i, v in enumerate(value))


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """Sizes along the axes: one integer of at least 1, or a tuple of any positive number of them.

    Raises
    ------
    TypeError
        If `value` is neither an integer nor a tuple or list of integers.
    ValueError
        If the tuple is empty, or a size less than 1.

    Examples
    --------
    >>> sizes("kernel", 3), sizes("kernel", (3, 5))
    ((3,), (3, 5))
    """
    rank = len(value) if isinstance(value, tuple | list) else 1
    if rank == 0:
        raise ValueError(f"{name}: got {value!r}, expected one integer per axis")
    return integers(name, value, rank, minimum=1)


def flag(name: str, value: bool) -> bool:
    """`value`, if it is True or False; else a `TypeError`."""
    if not isinstance(value, bool | np.bool):
        raise TypeError(f"{name}: got {describe(value)}, expected True or False")
    return bool(value)


def number(name: str, value: Any, positive: bool = False) -> float:
    """`value` as a float, if it is a number (a bool is not), or `positive` and a finite one greater than 0.

    Examples
    --------
    >>> number("scale_factor", 0, positive=True)
    Traceback (most recent call last):
    ...
    ValueError: scale_factor: got 0, expected a number greater than 0
    """
    wanted = "a number greater than 0" if positive else "a number"
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}: got {describe(value)}, expected {wanted}")
    if positive and not 0 < value < np.inf:
        raise ValueError(f"{name}: got {value}, expected {wanted}")
    return float(value)


def choice(name: str, value: str, options: Iterable[str]) -> str:
    """`value`, if it is one of the strings `options`.

    Raises
    ------
    TypeError
        If `value` is not a string.
    ValueError
        If it is another string.

    Examples
    --------
    >>> choice("mode", "valud", ["full", "valid"])
    Traceback (most recent call last):
    ...
    ValueError: mode: got 'valud', expected one of 'full', 'valid'
    """
    options = list(options)
    wanted = "one of " + ", ".join(map(repr, options))
    if not isinstance(value, str):
        raise TypeError(f"{name}: got {describe(value)}, expected {wanted}")
    if value not in options:
        raise ValueError(f"{name}: got {value!r}, expected {wanted}")
    return value


def _ranks(ndim: int | tuple[int, ...] | None) -> tuple[int, ...] | None:
    return (ndim,) if isinstance(ndim, int) else ndim


def real_array(
    name: str, x: Any, ndim: int | tuple[int, ...] | None = None, kinds: str = "fiu", shape: str = ""
) -> Array:
    """`x`, if it is a NumPy array of real numbers and of a rank in `ndim` (None: any).

    Parameters
    ----------
    kinds
        The kinds of dtype that are taken (`np.dtype.kind`): "f" floats, "i" and "u" integers.
    shape
        What the axes mean, for the message, for example "(N, C, L)".

    Raises
    ------
    TypeError
        If `x` is not a NumPy array, or its dtype is of another kind (bool, complex, object, ...).
    ValueError
        If its rank is not in `ndim`.

    Examples
    --------
    >>> real_array("weight", np.zeros(3), ndim=3, shape="(O, C, K)")
    Traceback (most recent call last):
    ...
    ValueError: weight: got an array of shape (3,) and dtype float64, expected 3 dimensions, (O, C, K)
    """
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{name}: got {describe(x)}, expected a NumPy array")
    if x.dtype.kind not in kinds:
        wanted = "floating-point" if kinds == "f" else "real"
        raise TypeError(f"{name}: got {describe(x)}, expected a {wanted} dtype")
    ranks = _ranks(ndim)
    if ranks is not None and x.ndim not in ranks:
        meaning = f", {shape}" if shape else ""
        raise ValueError(
            f"{name}: got {describe(x)}, expected {' or '.join(map(str, ranks))} dimensions{meaning}"
        )
    return x


def float_array(name: str, x: Any, ndim: int | tuple[int, ...] | None = None, shape: str = "") -> Array:
    """`real_array` that takes floating-point dtypes only."""
    return real_array(name, x, ndim, kinds="f", shape=shape)


def signal(name: str, x: Any, ndim: int | tuple[int, ...] = (1, 2)) -> Array:
    """A signal as a floating-point array: an array or nested lists; integers become float64.

    Raises
    ------
    TypeError
        If `x` is not an array, list or tuple of real numbers.
    ValueError
        If `x` is ragged, empty, or of a rank that is not in `ndim`.

    Examples
    --------
    >>> signal("x", [1, 2, 3])
    array([1., 2., 3.])
    """
    if not isinstance(x, np.ndarray | list | tuple | range):
        raise TypeError(f"{name}: got {describe(x)}, expected an array or a list of numbers")
    try:
        array = np.asarray(x)
    except ValueError:
        raise ValueError(f"{name}: got {describe(x)}, expected rows of equal length") from None
    if array.size == 0:
        raise ValueError(f"{name}: got an empty array of shape {array.shape}, expected at least one value")
    real_array(name, array, ndim)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def same_dtype(**arrays: Array | None) -> np.dtype[Any]:
    """The dtype that all arrays share (None is skipped); the first array sets it.

    Raises
    ------
    TypeError
        If one differs.

    Examples
    --------
    >>> same_dtype(input=np.zeros(2), weight=np.zeros(2, np.float32))
    Traceback (most recent call last):
    ...
    TypeError: weight: got dtype float32, expected float64, the dtype of input
    """
    first, *others = ((name, array) for name, array in arrays.items() if array is not None)
    for name, array in others:
        if array.dtype != first[1].dtype:
            raise TypeError(
                f"{name}: got dtype {array.dtype}, expected {first[1].dtype}, the dtype of {first[0]}"
            )
    return first[1].dtype


def has_shape(name: str, x: Array, expected: tuple[int, ...], why: str) -> Array:
    """`x`, if its shape is `expected`; else a `ValueError` that says `why`.

    Examples
    --------
    >>> has_shape("bias", np.zeros(3), (4,), "one per output channel")
    Traceback (most recent call last):
    ...
    ValueError: bias: got shape (3,), expected (4,), one per output channel
    """
    if x.shape != expected:
        raise ValueError(f"{name}: got shape {x.shape}, expected {expected}, {why}")
    return x


def not_empty(name: str, x: Array, axes: int) -> Array:
    """`x`, if none of its last `axes`, channels and positions, has length 0; a batch may have no examples.

    Examples
    --------
    >>> not_empty("input", np.zeros((2, 3, 0)), axes=2)
    Traceback (most recent call last):
    ...
    ValueError: input: got shape (2, 3, 0), expected at least one channel and one position
    """
    if 0 in x.shape[-axes:]:
        raise ValueError(f"{name}: got shape {x.shape}, expected at least one channel and one position")
    return x
