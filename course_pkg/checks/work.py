"""Run one function of the student's in this process and reply with plain data.

A request is a dict with `kind` (str), `name` (str), `args` (list), `kwargs` (dict) and `without` (list of
str). The kinds are "call" and, with the fields in brackets, "measure", "gradients" (`cotangent`), "parameter
shapes", "forward" (`x`, `weights`, `training`) and "module gradients" (also `cotangent`). Where `tensors` is
true, a function gets tensors for arrays.

A reply is a dict whose `status` is "answer", "missing", "not written", "raised", "interrupted", "shortcut",
"changed", "not plain" or "unfit", with the fields that belong to it. Another process can carry the same two
dicts over JSON and .npy files (`course_pkg.checks.wire`).
"""

import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, MutableMapping
from contextlib import redirect_stderr
from typing import Any

from course_pkg.checks.measuring import measure
from course_pkg.checks.plain import NotPlainError, plain, same
from course_pkg.checks.shortcuts import ShortcutUsedError, forbidden

# how PyTorch's own NotImplementedErrors begin, which are no stub's
TORCHS_OWN = ('"', "Could not run ", "The operator ", "There were no tensor arguments")


def run(request: dict[str, Any], namespace: MutableMapping[str, Any]) -> dict[str, Any]:
    """Call the function that the request names, with fresh copies of its arguments.

    Parameters
    ----------
    request : dict
        See above; without `kind`, it is a call.
    namespace : mutable mapping
        Where the student's functions are: the names of their notebook.

    Returns
    -------
    dict
        status, and: `value` (answer) · `types`, `message`, `line` (raised) · `name` (shortcut) ·
        `argument` (changed) · `what` (missing, not plain) · `why`, `what`, `shape` (unfit).

    Examples
    --------
    >>> run({"name": "add", "args": [2, 3], "kwargs": {}, "without": []}, {"add": lambda a, b: a + b})
    {'status': 'answer', 'value': 5}
    """
    function = namespace.get(request["name"])
    if not callable(function):
        return {"status": "missing", "what": "nothing" if function is None else _class_name(type(function))}
    args, kwargs = plain(request["args"]), plain(request["kwargs"])
    job, unfit = _job(request)
    try:
        # a warning on stderr would cost the whole cell in nbgrader: let it appear as ordinary output
        with forbidden(request["without"], namespace), redirect_stderr(sys.stdout):
            value = job(function, args, kwargs, request)
            answer = _answer(value)  # a thread could still write into the value while this lasts
            changed = _changed(function, (args, kwargs), (request["args"], request["kwargs"]))
    except unfit as error:
        return error.reply
    except NotImplementedError as error:
        if _message(error).startswith(TORCHS_OWN):
            return _raised(error, function)
        return {"status": "not written"}
    except ShortcutUsedError as error:
        return {"status": "shortcut", "name": _message(error)}
    except KeyboardInterrupt:
        return {"status": "interrupted"}
    except BaseException as error:
        return _raised(error, function)
    return answer if changed is None else {"status": "changed", "argument": changed}


Job = Callable[[Callable, Any, Any, dict[str, Any]], Any]


def _job(request: dict[str, Any]) -> tuple[Job, type[Any] | tuple[()]]:
    """What does the work, and what it raises in place of an answer."""
    kind = request.get("kind", "call")
    if kind == "measure":
        if not request.get("tensors"):
            return measure, ()
        from course_pkg.checks import tensors

        return measure, tensors.NotAnAnswerError
    if kind == "call" and not request.get("tensors"):
        return _call, ()
    from course_pkg.checks import tensors

    return tensors.JOBS[kind], tensors.NotAnAnswerError


def _call(function: Callable, args: Any, kwargs: Any, request: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


def _answer(value: object) -> dict[str, Any]:
    try:
        return {"status": "answer", "value": plain(value)}
    except NotPlainError as error:
        return {"status": "not plain", "what": str(error)}


def _raised(error: BaseException, function: Callable) -> dict[str, Any]:
    classes = [c for c in _mro.__get__(type(error)) if c is not BaseException and c is not object]
    try:
        line = _own_line(error, function)
    except (Exception, SystemExit):  # the student's own classes may do anything here
        line = ""
    return {
        "status": "raised",
        "types": [_class_name(c) for c in classes] or ["BaseException"],
        "message": _message(error),
        "line": line,
    }


# past what a student's class of classes says of these
_mro, _name = type.__dict__["__mro__"], type.__dict__["__name__"]


def _class_name(kind: type) -> str:
    return _name.__get__(kind)


def _message(error: BaseException) -> str:
    try:
        return "".join(str(error))[:300]  # a plain str, also of an heir of str
    except (Exception, SystemExit):
        return ""


def _own_line(error: BaseException, function: Callable) -> str:
    """The last line of the student's own that ran before the error, or ""."""
    written = getattr(function, "forward", function)  # of a class that builds modules
    own_file = getattr(getattr(written, "__code__", None), "co_filename", None)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own_file]
    return linecache.getline(own[-1].filename, own[-1].lineno or 0).strip() if own else ""


def _changed(function: Callable, used: tuple, sent: tuple) -> str | None:
    """The name of the first argument that the function changed in place, or None."""
    (args, kwargs), (sent_args, sent_kwargs) = used, sent
    for i, value in enumerate(sent_args):
        if not _unchanged(args[i], value):
            return _argument_name(function, i)
    return next((name for name, value in sent_kwargs.items() if not _unchanged(kwargs[name], value)), None)


def _argument_name(function: Callable, i: int) -> str:
    try:
        name = list(inspect.signature(function).parameters)[i]
    except (ValueError, TypeError, IndexError):  # some built-in functions do not tell, and *args has one name
        name = ""
    return name if type(name) is str and name else f"number {i + 1}"


def _unchanged(used: object, sent: object) -> bool:
    try:
        return same(plain(used), plain(sent))
    except NotPlainError:
        return False
