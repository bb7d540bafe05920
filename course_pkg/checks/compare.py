"""Comparisons that say what went wrong: which mistake it looks like, then where the numbers differ.

In a hidden test they show less of the answer (see `course_pkg.checks.discretion`).
"""

from collections.abc import Mapping

import numpy as np

from course_pkg.checks.discretion import (
    DIGITS,
    count_text,
    error_name,
    is_discreet,
    number_text,
    off_by,
    shape_text,
)
from course_pkg.checks.errors import CheckFailedError
from course_pkg.checks.handle import Raised
from course_pkg.checks.plain import Plain

# how far an answer may lie from the expected one, as a share of the largest expected value: wide enough for
# float32 arithmetic, FFTs and sums in any order, and far narrower than any mistake
TOLERANCE = 1e-5
HALF_PRECISION_TOLERANCE = 1e-2
MAX_EXTRA = 200  # numbers too many, up to which the right ones are looked for among them


def expect_equal(
    actual: Plain, expected: Plain, what: str = "the answer", looks_like: Mapping[str, Plain] | None = None
) -> None:
    """Fail unless the answer is the expected one; numbers are compared with a tolerance.

    Parameters
    ----------
    actual : Plain
        What the student's function returned: numbers as a list, or as an array of any dtype and memory
        layout.
    expected : Plain
        The right answer. Numbers in it are finite.
    what : str
        What the answer is, for the message.
    looks_like : mapping from str to Plain
        Wrong answers that common mistakes give, each under the mistake in words.

    Raises
    ------
    CheckFailedError
        If they differ.
    ValueError
        If `expected` holds nan or inf: nothing may be equal to those.

    Examples
    --------
    >>> expect_equal([4, 13, 22, 15], np.array([4.0, 13.0, 22.0, 15.0]))
    >>> expect_equal([1, 2, 3], [3, 2, 1], "y", {"the kernel was not flipped": [1, 2, 3]})
    Traceback (most recent call last):
    course_pkg.checks.errors.CheckFailedError: y: the kernel was not flipped. At [0] expected 3, got 1
    """
    if expected is None or isinstance(expected, str | bool):
        _expect_same(actual, expected, what)
        return
    right = np.asarray(expected, dtype=float)
    if not np.isfinite(right).all():
        raise ValueError(f"expected must be finite, got {expected}")
    got = _numbers(actual, _kind(right.shape), what)
    if _close(got, right):
        return
    said = ". ".join([f"{what}: {_diagnosis(got, right, looks_like or {})}", *_difference(got, right)])
    raise CheckFailedError(said.replace("?.", "?"))


def expect(condition: bool, message: str) -> None:
    """Fail with this message unless the condition holds.

    >>> expect(2 < 1, "two is not less than one")
    Traceback (most recent call last):
    course_pkg.checks.errors.CheckFailedError: two is not less than one
    """
    if not condition:
        raise CheckFailedError(message)


def expect_raised(raised: Raised, kind: str, what: str) -> None:
    """Fail unless a call raised an error of that kind.

    Parameters
    ----------
    raised : Raised
        From `student.function(...).raises(...)`.
    kind : str
        The name of the error's class, or of one that it derives from.
    what : str
        What was wrong with the arguments, for the message.

    Examples
    --------
    >>> expect_raised(Raised((), ""), "ValueError", "an empty kernel")
    Traceback (most recent call last):
    course_pkg.checks.errors.CheckFailedError: an empty kernel asks for a ValueError; nothing was raised
    """
    if kind not in raised.types:
        said = "" if is_discreet() else f": {raised.message}"
        got = f"{error_name(raised.types)} was raised{said}" if raised.types else "nothing was raised"
        raise CheckFailedError(f"{what} asks for a {kind}; {got}")


def expect_numbers(actual: Plain, what: str) -> np.ndarray:
    """Fail unless the answer is a row of finite numbers, of any length; return it as an array of floats.

    >>> expect_numbers("1, 4", "the peaks")
    Traceback (most recent call last):
    course_pkg.checks.errors.CheckFailedError: the peaks: expected numbers, got '1, 4'
    """
    got = _numbers(actual, "numbers", what)
    if got.ndim != 1:
        raise CheckFailedError(f"{what}: expected a row of numbers, got {_kind(got.shape)}")
    return got.astype(float)


def expect_shape(actual: Plain, shape: tuple[int, ...], what: str) -> np.ndarray:
    """Fail unless the answer is finite numbers in this shape; return it as an array of floats.

    >>> expect_shape([1, 2], (3,), "the kernel")
    Traceback (most recent call last):
    course_pkg.checks.errors.CheckFailedError: the kernel has 2 numbers, expected 3
    """
    got = _numbers(actual, _kind(shape), what)
    if got.shape != shape:
        short = len(shape) == got.ndim == 1
        expected = str(shape[0] if short else shape)
        raise CheckFailedError(f"{what} has {_kind(got.shape)}, expected {expected}")
    return got.astype(float)


def _expect_same(actual: Plain, expected: Plain, what: str) -> None:
    if type(actual) is not type(expected) or actual != expected:
        raise CheckFailedError(f"{what}: expected {expected!r}, got {_short(actual)}")


def _numbers(actual: Plain, kind: str, what: str) -> np.ndarray:
    """The answer as an array of numbers; `kind` says in words what is expected."""
    if actual is None:
        raise CheckFailedError(f"{what}: expected {kind}, got None: does the function return its result?")
    if not _holds_only_numbers(actual):
        raise CheckFailedError(f"{what}: expected {kind}, got {_short(actual)}")
    try:
        got = np.asarray(actual)
    except ValueError:
        raise CheckFailedError(f"{what}: expected {kind}, got a list of unequal pieces") from None
    except OverflowError:
        got = np.array(None)  # whole numbers too large for any dtype
    if got.dtype.kind not in "biuf":
        raise CheckFailedError(f"{what}: expected {kind}, got {_short(actual)}")
    bad = np.argwhere(~np.isfinite(got))
    if len(bad):
        index = tuple(int(i) for i in bad[0])
        raise CheckFailedError(f"{what}: {got[index]} at {_index(index)}; every number should be finite")
    return got


def _holds_only_numbers(value: Plain) -> bool:
    # one long text among many values would become an array of texts as long
    if isinstance(value, list | tuple):
        return all(map(_holds_only_numbers, value))
    return isinstance(value, bool | int | float | np.ndarray)


def _close(got: np.ndarray, right: np.ndarray) -> bool:
    if got.shape != right.shape:
        return False
    if right.size == 0:
        return True
    share = HALF_PRECISION_TOLERANCE if got.dtype == np.float16 else TOLERANCE
    scale = np.abs(right).max() or 1.0
    return bool(np.all(np.abs(got.astype(float) - right) <= share * scale))


def _diagnosis(got: np.ndarray, right: np.ndarray, looks_like: Mapping[str, Plain]) -> str:
    """The mistake that the answer looks like, in words."""
    named = [
        mistake for mistake, answer in looks_like.items() if _close(got, np.asarray(answer, dtype=float))
    ]
    if named:
        return " — or ".join(named)  # small examples can make two mistakes look alike
    for mistake, answer in _common_mistakes(got, right).items():
        if _close(got, answer):
            return mistake
    if got.size == 0:
        return f"empty; expected {_kind(right.shape)}"
    if got.shape != right.shape:
        return "not the expected shape"
    return "not the expected numbers"


def _common_mistakes(got: np.ndarray, right: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong answers that can be told from the right one alone."""
    if got.ndim != right.ndim and got.size == right.size:
        shapes = f"{shape_text(got.shape)} in place of {right.shape}"
        return {f"the right numbers in shape {shapes}": right.reshape(got.shape)}
    if got.ndim != right.ndim or got.size == 0 or right.size < 2:
        return {}
    mistakes = {
        "all zeros": np.zeros(right.shape),
        "cut to whole numbers: is the result kept in an array of integers?": np.trunc(right),
        "the right numbers with the opposite sign": -right,
    }
    if right.ndim == 1:
        mistakes |= {"the right numbers in reverse order": right[::-1]} | _shifted(got, right)
    elif right.ndim == 2:
        mistakes["the right matrix transposed"] = right.T
    if got.shape == right.shape and right.size > 2:
        factor = float(np.vdot(right, got)) / (float(np.vdot(right, right)) or 1.0)
        offset = float((got - right).flat[0])
        mistakes[f"the right numbers times {factor:.{DIGITS}g}"] = factor * right
        mistakes[f"the right numbers plus {offset:.{DIGITS}g}"] = right + offset
    return mistakes


def _shifted(got: np.ndarray, right: np.ndarray) -> dict[str, np.ndarray]:
    """The right numbers cut short, made longer, or moved by one place."""
    n, m = len(got), len(right)
    if n < m:
        starts = range(m - n + 1)
        return {f"only entries {i} to {i + n - 1} of the {m} right ones": right[i : i + n] for i in starts}
    if n > m + MAX_EXTRA:
        return {}
    if n > m:
        starts = range(n - m + 1)
        return {
            f"the right numbers with {i} extra before and {n - m - i} after": np.concatenate(
                [got[:i], right, got[i + m :]]
            )
            for i in starts
        }
    return {
        "the right numbers, shifted: entry [i] holds what belongs at [i+1]": np.append(right[1:], got[-1]),
        "the right numbers, shifted: entry [i] holds what belongs at [i-1]": np.append(got[0], right[:-1]),
    }


def _difference(got: np.ndarray, right: np.ndarray) -> list[str]:
    """Where the first number differs, if the shapes allow to say it."""
    if got.size == 0:
        return []  # all is said
    if got.shape != right.shape:
        return [f"Expected shape {right.shape}, got {shape_text(got.shape)}"]
    share = HALF_PRECISION_TOLERANCE if got.dtype == np.float16 else TOLERANCE
    far = np.abs(got.astype(float) - right) > share * (np.abs(right).max() or 1.0)
    index = tuple(int(i) for i in np.argwhere(far)[0])
    where = f"At {_index(index)} expected" if index else "Expected"
    wanted, found = number_text(right[index]), number_text(got[index])
    off = f", off by {off_by(float(got[index]) - right[index])}" if wanted == found else ""
    return [f"{where} {wanted}, got {found}{off}"]


def _index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]"


def _kind(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a number"
    if len(shape) > 1:
        return f"shape {shape_text(shape)}"
    return "1 number" if shape[0] == 1 else f"{count_text(shape[0])} numbers"


def _short(value: Plain) -> str:
    if is_discreet() and value is not None and not isinstance(value, bool):
        return f"a {type(value).__name__}"  # its text is for the student to choose
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
