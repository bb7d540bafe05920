"""Replies of the student's process: it may be under the student's control, so nothing in them is believed.

`checked` lets through what `course_pkg.checks.work` could have said, and `failure` puts it into words.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from course_pkg.checks.discretion import clean, error_name, is_discreet, shape_text, type_name
from course_pkg.checks.errors import CheckFailedError, NotWrittenError, StillRunningError
from course_pkg.checks.plain import WANTED, NotPlainError, plain

MAX_CLASSES = 30  # between an error and Exception
MAX_NAME = 80  # characters


def checked(reply: object, request: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The reply, if it is one that `course_pkg.checks.work.run` gives to this request.

    Parameters
    ----------
    reply : object
        Whatever came.
    request : mapping
        What was asked.
    name : str
        The student's function, for the message.

    Returns
    -------
    dict
        status and the fields that belong to it, and no others; texts are short and of one line, and the value
        is plain data in fresh objects.

    Raises
    ------
    CheckFailedError
        If it is anything else.

    Examples
    --------
    >>> checked({"status": "answer", "value": 5, "extra": 1}, {}, "f")
    {'status': 'answer', 'value': 5}
    >>> checked({"status": "full marks"}, {}, "f")
    Traceback (most recent call last):
    course_pkg.checks.errors.CheckFailedError: f: the student's process answered in a way that no function can
    """
    status = reply.get("status") if type(reply) is dict else None
    fields = _FIELDS.get(status) if type(status) is str else None
    if type(reply) is not dict or fields is None:
        raise odd(name)
    try:
        found = {field: read(reply[field]) for field, read in fields.items()}
    except NotPlainError as error:
        raise CheckFailedError(f"{name} returned {_not_plain(str(error))}") from None
    except (KeyError, TypeError):
        raise odd(name) from None
    if status == "shortcut" and found["name"] not in request["without"]:
        raise odd(name)
    if status == "unfit":
        found["wanted"] = _wanted(found, request, name)
    return {"status": status, **found}


def _wanted(found: Mapping[str, Any], request: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """The shape that the request asks for; () for replies that are not about one."""
    weights = request.get("weights") or {}
    if found["why"] in ("parameter shape", "no parameter"):
        if found["what"] not in weights:
            raise odd(name)
        return np.shape(weights[found["what"]])
    if found["why"] in ("shape", "no gradient") and "cotangent" not in request:
        raise odd(name)
    return np.shape(request.get("cotangent", ()))


def odd(name: str) -> CheckFailedError:
    """The error for a reply that no work of a student's can bring about."""
    return CheckFailedError(f"{name}: the student's process answered in a way that no function can")


def failure(
    reply: Mapping[str, Any], name: str, sources: Collection[str] | None, noun: str = "function"
) -> CheckFailedError:
    """The error for a checked reply that is not an answer, in words for the student.

    Parameters
    ----------
    reply : mapping
        From `checked`.
    name : str
        The student's function or class.
    sources : collection of str or None
        The lines of the submitted notebook, of which one may be quoted; None: whichever the reply names.
    noun : str
        What is asked for under that name.

    Examples
    --------
    >>> failure({"status": "changed", "argument": "x"}, "f", None)
    CheckFailedError('f changed its argument x in place: work on a copy')
    """
    match reply["status"]:
        case "raised":
            kind = error_name(reply["types"])
            said = "" if is_discreet() else f": {reply['message']}"
            line = _quoted(reply["line"], sources)
            return CheckFailedError(f"{name} stopped with {kind}{said}{line}")
        case "not written":
            return NotWrittenError(f"{name} is not written yet")
        case "missing" if reply["what"] == "nothing":
            return NotWrittenError(f"no {noun} named {name} yet: run the cell that defines it")
        case "missing":
            return CheckFailedError(
                f"the name {name} now belongs to a value ({type_name(reply['what'])}), not to your {noun}: "
                f"give that value another name and run the cell that defines the {noun} again"
            )
        case "shortcut":
            through = " (np.polymul does)" if reply["name"] == "numpy.convolve" else ""
            return CheckFailedError(
                f"{name} uses {reply['name']}, itself or through another function{through}; "
                "write this part without it"
            )
        case "interrupted":
            return StillRunningError(f"{name} was still running")
        case "died":
            return CheckFailedError(f"{name} gave no answer; its process died: {reply['how']}")
        case "changed":
            argument = _argument(reply["argument"], sources)
            return CheckFailedError(f"{name} changed {argument} in place: work on a copy")
        case "not plain":
            return CheckFailedError(f"{name} returned {_not_plain(reply['what'])}")
        case "unfit":
            return _unfit(reply, name, sources)
    return odd(name)


def _unfit(reply: Mapping[str, Any], name: str, sources: Collection[str] | None) -> CheckFailedError:
    """The error for work that PyTorch has no use for."""
    what, shape = reply["what"], shape_text(reply["shape"])
    match reply["why"]:
        case "not a tensor":
            return CheckFailedError(f"{name} returned something of type {type_name(what)}, expected a tensor")
        case "not a module":
            return CheckFailedError(f"{name} gives something of type {type_name(what)}, expected a module")
        case "shape":
            return CheckFailedError(f"{name} returned shape {shape}, expected {reply['wanted']}")
        case "parameter shape":
            return CheckFailedError(f"{name}: {what} has shape {shape}, expected {reply['wanted']}")
        case "no parameter":
            return CheckFailedError(f"{name} has no parameter named {what}")
        case "no gradient":
            words = re.findall(r"[^\W\d]\w*", what)
            known = sources is None or set(words) <= {"number", *_words(sources)}
            where = what if known or not is_discreet() else "one of them"
            where = f"its argument {where}" if what.startswith("number ") else where or "its input"
            return CheckFailedError(
                f"no gradient of {name} reaches {where}: "
                "is it detached, or does it pass through NumPy or .item()?"
            )
    return odd(name)


def _words(sources: Collection[str]) -> set[str]:
    """The words of a notebook, and the names of the parameters of PyTorch's own layers."""
    return {word for source in sources for word in re.findall(r"[^\W\d]\w*", source)} | {"weight", "bias"}


def _text(value: object, most: int) -> str:
    if type(value) is not str:
        raise TypeError
    return clean(value, most)


def _name(value: object) -> str:
    return _text(value, MAX_NAME)


def _sentence(value: object) -> str:
    return _text(value, 300)


def _names(value: object) -> tuple[str, ...]:
    if type(value) not in (list, tuple) or not 1 <= len(value) <= MAX_CLASSES:  # type: ignore[arg-type]
        raise TypeError
    return tuple(map(_name, value))  # type: ignore[call-overload]


def _shape(value: object) -> tuple[int, ...]:
    if type(value) is not list or len(value) > 64 or not all(type(n) is int and n >= 0 for n in value):
        raise TypeError
    return tuple(value)


def _reason(value: object) -> str:
    if type(value) is not str or value not in _REASONS:
        raise TypeError
    return value


_REASONS = {"not a tensor", "not a module", "shape", "parameter shape", "no parameter", "no gradient"}
_FIELDS: dict[str, dict[str, Callable[[object], Any]]] = {
    "answer": {"value": plain},
    "missing": {"what": _name},
    "not written": {},
    "raised": {"types": _names, "message": _sentence, "line": _sentence},
    "interrupted": {},
    "died": {"how": _sentence},
    "shortcut": {"name": _name},
    "changed": {"argument": _name},
    "not plain": {"what": _sentence},
    "unfit": {"why": _reason, "what": _name, "shape": _shape},
}


def _quoted(line: str, sources: Collection[str] | None) -> str:
    """The student's line, unless it was made up to say something."""
    known = sources is None or line in {clean(source) for source in sources}
    return f", at its line `{line}`" if line and known else ""


def _argument(name: str, sources: Collection[str] | None) -> str:
    """An argument by its name, which in a hidden test is a word of the submitted notebook."""
    if is_discreet() and sources is not None and not re.fullmatch(r"number \d\d?", name):
        word = re.compile(rf"\b{re.escape(name)}\b")
        if not name.isidentifier() or not any(word.search(source) for source in sources):
            return "an argument"
    return f"its argument {name}"


def _not_plain(what: str) -> str:
    """What was returned, in a hidden test only in the words of `course_pkg.checks.plain`."""
    if not is_discreet():
        return what
    found = re.fullmatch(rf"an? (\w+)({re.escape(WANTED)}|, not an ordinary NumPy array .*)", what)
    if found:
        return f"{type_name(found[1])}{WANTED}"
    if "complex" in what:
        return "complex numbers; the answer is real (after an FFT, take `.real`)"
    if ", more than " in what or "; at most " in what:
        return "far more than can be sent"
    if what.startswith("lists nested"):
        return "lists nested too deep"
    return f"something else{WANTED}"
