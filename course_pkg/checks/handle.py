"""The handle on the student's work: the only way in which a test reaches it.

In the student's own notebook the handle is the notebook itself. Elsewhere a trusted process sets
`student.transport`, so that the same test cell works on functions that run in another process. Either way a
test sends plain data and gets plain data back (see `course_pkg.checks.plain`).
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from course_pkg.checks.plain import Plain
from course_pkg.checks.work import run


class CheckFailedError(AssertionError):
    """A test has found something wrong; the message says what, in words for the student."""


class NotWrittenError(CheckFailedError):
    """The function is still the stub, or is not there at all."""


class StillRunningError(CheckFailedError):
    """The function was interrupted: by the student, or because its time was over."""


class Raised(NamedTuple):
    """What a call raised: names of the error's classes, most special first, and its message. Empty:
    nothing."""

    types: tuple[str, ...]
    message: str


def _run_in_this_notebook(request: dict[str, Any]) -> dict[str, Any]:
    return run(request, vars(sys.modules["__main__"]))


class Student:
    """Access to the student's functions.

    Parameters
    ----------
    transport : callable
        Takes a request and returns the reply, both dicts of plain data as in `course_pkg.checks.work`.

    Examples
    --------
    >>> from functools import partial
    >>> handle = Student(partial(run, namespace={"double": lambda x: 2 * x}))
    >>> double = handle.function("double")
    >>> double(21)
    42
    """

    def __init__(self, transport: Callable[[dict[str, Any]], dict[str, Any]] = _run_in_this_notebook) -> None:
        self.transport = transport

    def function(self, name: str, without: Sequence[str] = ()) -> "StudentFunction":
        """The student's function of that name.

        Parameters
        ----------
        name : str
            What the student called it. It need not exist yet: only calling it fails.
        without : sequence of str
            Dotted names of functions and modules that raise while it runs.
        """
        return StudentFunction(self, name, list(without))


class StudentFunction:
    """One function of the student's. Each call gets fresh copies of its arguments."""

    def __init__(self, student: Student, name: str, without: list[str]) -> None:
        self.student = student
        self.name = name
        self.without = without

    def __call__(self, *args: Plain, **kwargs: Plain) -> Any:
        """Call it; the answer comes back as plain data.

        Raises
        ------
        NotWrittenError
            If it is missing or still a stub.
        StillRunningError
            If it is interrupted.
        CheckFailedError
            If it raises, uses a shortcut, changes an argument in place or answers with something that is not
            plain data.
        """
        reply = self._reply(args, kwargs)
        if reply["status"] == "raised":
            line = f", at its line `{reply['line']}`" if reply["line"] else ""
            raise CheckFailedError(f"{self.name} stopped with {reply['type']}: {reply['message']}{line}")
        return self._value(reply)

    def raises(self, *args: Plain, **kwargs: Plain) -> Raised:
        """Call it where an error is asked for, and return that error as data."""
        reply = self._reply(args, kwargs)
        if reply["status"] == "raised":
            return Raised(tuple(reply["types"]), reply["message"])
        self._value(reply)
        return Raised((), "")

    def _reply(self, args: tuple, kwargs: dict) -> dict[str, Any]:
        request = {"name": self.name, "args": list(args), "kwargs": kwargs, "without": self.without}
        return self.student.transport(request)

    def _value(self, reply: dict[str, Any]) -> Any:
        match reply["status"]:
            case "answer":
                return reply["value"]
            case "not written":
                raise NotWrittenError(f"{self.name} is not written yet")
            case "missing" if reply["what"] == "nothing":
                raise NotWrittenError(f"no function named {self.name} yet: run the cell that defines it")
            case "missing":
                raise CheckFailedError(
                    f"the name {self.name} now belongs to a value ({reply['what']}), not to your function: "
                    "give that value another name and run the cell that defines the function again"
                )
            case "shortcut":
                through = " (np.polymul does)" if reply["name"] == "numpy.convolve" else ""
                raise CheckFailedError(
                    f"{self.name} uses {reply['name']}, itself or through another function{through}; "
                    "write this part without it"
                )
            case "interrupted":
                raise StillRunningError(f"{self.name} was still running")
            case "changed":
                raise CheckFailedError(
                    f"{self.name} changed its argument {reply['argument']} in place: work on a copy"
                )
            case "not plain":
                raise CheckFailedError(f"{self.name} returned {reply['what']}")
        raise AssertionError(reply["status"])


student = Student()
