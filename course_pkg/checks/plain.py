"""Plain data: what may pass between a test and the student's work.

Numbers, text, and lists, tuples, dicts and ordinary NumPy arrays of numbers. Nothing that carries behaviour
of its own, so that comparing an answer never runs code that came with it.
"""

from typing import TypeAlias

import numpy as np

Plain: TypeAlias = bool | int | float | str | list | tuple | dict | np.ndarray | None

MAX_ITEMS = 10_000_000  # numbers in one answer: far beyond what any part asks for
MAX_DEPTH = 20


WANTED = "; return numbers, lists or ordinary NumPy arrays"


class NotPlainError(TypeError):
    """Something that is not plain data; the message says what it is."""


def plain(value: object, depth: int = 0) -> Plain:
    """A deep copy of `value` as plain data.

    Parameters
    ----------
    value : object
        None, a Python or NumPy bool, int or float, a str, a NumPy array of numbers, or a list, tuple or dict
        of these; a range or a set of numbers, which become lists in increasing order.
    depth : int
        How many lists the value lies inside.

    Returns
    -------
    Plain
        The same data in fresh objects of the exact built-in types; NumPy scalars become Python numbers.

    Raises
    ------
    NotPlainError
        For anything else: the message names what came.

    Examples
    --------
    >>> plain((1, [np.float32(0.5), None]))
    (1, [0.5, None])
    >>> plain(np.convolve)
    Traceback (most recent call last):
    course_pkg.checks.plain.NotPlainError: a function; return numbers, lists or ordinary NumPy arrays
    """
    if depth > MAX_DEPTH:
        raise NotPlainError(f"lists nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if value is None or (isinstance(value, bool | int | float | str) and kind in (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and kind is np.ndarray:
        return _plain_array(value)
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return value.item()
    if isinstance(value, list | tuple) and kind in (list, tuple):
        if len(value) > MAX_ITEMS:
            raise NotPlainError(f"a {kind.__name__} of {len(value)} items")
        return kind(plain(item, depth + 1) for item in value)
    if isinstance(value, range | set) and kind in (range, set):
        items = plain(list(value), depth)
        if isinstance(items, list) and all(isinstance(item, bool | int | float) for item in items):
            return sorted(items)
    if isinstance(value, dict) and kind is dict:
        return {plain(key, depth + 1): plain(item, depth + 1) for key, item in value.items()}
    raise NotPlainError(_describe(value))


def same(a: Plain, b: Plain) -> bool:
    """Whether two pieces of plain data are equal to the last bit; nan equals nan.

    >>> same([1, float("nan")], [1, float("nan")]), same(1, 1.0)
    (True, False)
    """
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) and all(map(same, a.items(), b.items()))
    return a == b or (a != a and b != b)


def _plain_array(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "c":
        raise NotPlainError("an array of complex numbers; the answer is real (after an FFT, take `.real`)")
    if x.dtype.kind not in "biuf":
        raise NotPlainError(f"an array with dtype {x.dtype}, not numbers{WANTED}")
    if x.size > MAX_ITEMS:
        raise NotPlainError(f"an array of {x.size} numbers")
    return np.array(x, dtype=x.dtype.newbyteorder("="))


def _describe(value: object) -> str:
    kind = type(value)
    if isinstance(value, np.ndarray):
        return f"a {kind.__name__}, not an ordinary NumPy array (np.array(...) makes one)"
    if issubclass(kind, complex | np.complexfloating):
        return "a complex number; the answer is real (after an FFT, take `.real`)"
    name = "function" if callable(value) else kind.__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}{WANTED}"
