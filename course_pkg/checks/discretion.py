"""What a message may show while a hidden test runs, so that it is no channel for the test's inputs.

A student's function sees the inputs of hidden tests, and the student reads what is said about it. In a hidden
test therefore nothing that the function can word freely is passed on: not the text of its errors, not the
names of its classes, not text that it returns. What it can still choose, at each failing hidden test, and so
tell its author about the inputs:

- one number of four significant digits and its place, or one shape (about 14 bits and the place);
- which of the tests' own diagnoses fits, or which of about 90 kinds of error or of type is named (7 bits);
- which of the lines or names of the submitted notebook is quoted (10 bits for a notebook of a thousand);
- its time when it is interrupted, in whole seconds, and how its process ends (8 bits);
- whether the test fails at all (1 bit).

Hidden tests whose inputs must not be found out even so, over several rounds of feedback, need fresh inputs.
"""

import builtins
import math
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DIGITS = 4  # of a number from the student, in a hidden test
MAX_TEXT = 300  # characters of the student's own in a message

_discreet = ContextVar("discreet", default=False)

_ERRORS = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
} | {"AxisError", "DTypePromotionError", "LinAlgError", "TooHardError", "OutOfMemoryError", "UFuncTypeError"}
_TYPES = {name for name, value in vars(builtins).items() if isinstance(value, type)} | {
    "ndarray",
    "matrix",
    "MaskedArray",
    "Tensor",
    "Parameter",
    "Size",
    "Series",
    "DataFrame",
    "function",
    "generator",
    "method",
    "module",
    "NoneType",
}


@contextmanager
def discreet(hidden: bool = True) -> Iterator[None]:
    """In its body, messages show no more than this module's docstring says, if `hidden`."""
    before = _discreet.set(hidden)
    try:
        yield
    finally:
        _discreet.reset(before)


def is_discreet() -> bool:
    """Whether a hidden test is running."""
    return _discreet.get()


def clean(text: str, most: int = MAX_TEXT) -> str:
    """Text of the student's for a message: one line, of characters that can be seen, not too long.

    >>> clean("two\\nlines, \\x1b[31mred")
    'two lines, [31mred'
    """
    seen = "".join(" " if c.isspace() else c for c in text[: 4 * most] if c.isspace() or _is_visible(c))
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 3] + "..."


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] != "C"


def error_name(names: tuple[str, ...]) -> str:
    """What to call an error, from the names of its classes, most special first.

    >>> with discreet():
    ...     error_name(("Secret42", "ValueError", "Exception"))
    'ValueError'
    """
    if not is_discreet():
        return names[0]
    return next((name for name in names if name in _ERRORS), "an error of its own")


def type_name(name: str) -> str:
    """What to call the type of something that the student made.

    >>> with discreet():
    ...     type_name("Secret42"), type_name("ndarray")
    ('something else', 'ndarray')
    """
    return name if not is_discreet() or name in _TYPES else "something else"


def number_text(x: float) -> str:
    """A number for a message.

    >>> number_text(1 / 3)
    '0.333333'
    >>> with discreet():
    ...     number_text(1 / 3)
    '0.3333'
    """
    return f"{x:.{DIGITS}g}" if is_discreet() else f"{x:.6g}"


def count_text(n: int) -> str:
    """How many, for a message: in full, or in a hidden test only as far as anyone would count.

    >>> with discreet():
    ...     count_text(123456789)
    'over 9999'
    """
    return "over 9999" if is_discreet() and n > 9999 else str(n)


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape for a message.

    >>> shape_text((3, 4, 5, 6, 7))
    '(3, 4, 5, 6, 7)'
    >>> with discreet():
    ...     shape_text((3, 4, 5, 60000, 7))
    '(3, 4, 5, over 9999, ...)'
    """
    if not is_discreet() or (all(n <= 9999 for n in shape[:4]) and len(shape) <= 4):
        return str(shape)
    return f"({', '.join(map(count_text, shape[:4]))}{', ...' * (len(shape) > 4)})"


def off_by(x: float) -> str:
    """How far a number lies from another that would look the same, for a message.

    >>> off_by(-3.21e-05)
    '3e-05'
    """
    return f"{abs(x):.0e}" if math.isfinite(x) else "beyond measure"
