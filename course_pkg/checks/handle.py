"""The handle on the student's work: the only way in which a test reaches it.

In the student's own notebook the handle is the notebook itself. Elsewhere a trusted process sets
`student.transport`, so that the same test cell works on functions that run in another process. Either way a
test sends plain data and gets plain data back (see `course_pkg.checks.plain`). The other process is not
trusted: a reply is checked before anything is done with it (`course_pkg.checks.replies`), and while a hidden
test runs, messages show little of what it says (`course_pkg.checks.discretion`).
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from course_pkg.checks.encoding import WireError
from course_pkg.checks.plain import Plain, plain
from course_pkg.checks.replies import checked, failure, odd
from course_pkg.checks.work import run


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
        Takes a request and returns the reply, both dicts of plain data as in `course_pkg.checks.work`. For a
        function that could not be waited for, or whose process is gone, the status is "interrupted" or
        "died", with `how` in words.
    sources : frozenset of str or None
        The lines of the submitted notebook: a message quotes no others. None: it quotes what it is told.

    Examples
    --------
    >>> from functools import partial
    >>> handle = Student(partial(run, namespace={"double": lambda x: 2 * x}))
    >>> double = handle.function("double")
    >>> double(21)
    42
    """

    def __init__(
        self,
        transport: Callable[[dict[str, Any]], dict[str, Any]] = _run_in_this_notebook,
        sources: frozenset[str] | None = None,
    ) -> None:
        self.transport = transport
        self.sources = sources

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

    def ask(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request that concerns the student's `name`, and return the reply, checked.

        Raises
        ------
        CheckFailedError
            If what comes back is no reply.
        NotPlainError
            If the test sends something that is not plain data.
        """
        asked = plain({"name": name, **request})
        try:
            reply = self.transport(asked)  # type: ignore[arg-type]
        except WireError:
            raise odd(name) from None
        return checked(reply, request, name)

    def value(self, name: str, request: dict[str, Any]) -> Any:
        """Send a request and return the value that answers it.

        Raises
        ------
        CheckFailedError
            If the answer is not a value; the message says why.
        """
        reply = self.ask(name, request)
        if reply["status"] != "answer":
            raise failure(reply, name, self.sources)
        return reply["value"]


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
        return self.student.value(self.name, self._request("call", args, kwargs))

    def raises(self, *args: Plain, **kwargs: Plain) -> Raised:
        """Call it where an error is asked for, and return that error as data.

        The names of the classes and the message are the student's: they are for comparing, not for showing.
        """
        reply = self.student.ask(self.name, self._request("call", args, kwargs))
        if reply["status"] == "raised":
            return Raised(reply["types"], reply["message"])
        if reply["status"] != "answer":
            raise failure(reply, self.name, self.student.sources)
        return Raised((), "")

    def _request(self, kind: str, args: tuple, kwargs: dict) -> dict[str, Any]:
        return {"kind": kind, "args": list(args), "kwargs": kwargs, "without": self.without}


student = Student()
