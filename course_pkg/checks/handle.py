"""The handle on the student's work: the only way in which a test reaches it.

In the student's own notebook the handle is the notebook itself. Elsewhere a trusted process sets
`student.transport`, so that the same test cell works on functions that run in another process. Either way a
test sends plain data and gets plain data back (see `course_pkg.checks.plain`). The other process is not
trusted: a reply is checked before anything is done with it (`course_pkg.checks.replies`), and while a hidden
test runs, messages show little of what it says (`course_pkg.checks.discretion`).
"""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from course_pkg.checks.encoding import WireError
from course_pkg.checks.measuring import PROFILER, TRACEMALLOC
from course_pkg.checks.modules import StudentModule
from course_pkg.checks.plain import Plain, plain
from course_pkg.checks.replies import checked, failure, odd
from course_pkg.checks.work import run


class Raised(NamedTuple):
    """What a call raised: names of the error's classes, most special first, and its message. Empty:
    nothing."""

    types: tuple[str, ...]
    message: str


class Measured(NamedTuple):
    """What a call takes: seconds of processor time, of all threads; the most bytes that were allocated at a
    time; and what has counted these, "tracemalloc" (Python and NumPy) or "torch.profiler" (PyTorch)."""

    seconds: float
    peak_bytes: int
    by: str


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

    def function(self, name: str, without: Sequence[str] = (), tensors: bool = False) -> "StudentFunction":
        """The student's function of that name.

        Parameters
        ----------
        name : str
            What the student called it. It need not exist yet: only calling it fails.
        without : sequence of str
            Dotted names of functions and modules that raise while it runs.
        tensors : bool
            Whether it works in PyTorch: it gets tensors for arrays, and its tensors come back as arrays.
        """
        return StudentFunction(self, name, list(without), tensors)

    def module(self, name: str, *args: Plain, without: Sequence[str] = (), **kwargs: Plain) -> StudentModule:
        """The module that the student's class or function of that name builds from the arguments.

        Parameters
        ----------
        name : str
            What the student called the class.
        *args, **kwargs : Plain
            For the class.
        without : sequence of str
            Dotted names of functions and modules that raise while it is built and works.
        """
        return StudentModule(self, name, args, kwargs, list(without))

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

    def value(self, name: str, request: dict[str, Any], noun: str = "function") -> Any:
        """Send a request and return the value that answers it; `noun` says what the name stands for.

        Raises
        ------
        CheckFailedError
            If the answer is not a value; the message says why.
        """
        reply = self.ask(name, request)
        if reply["status"] != "answer":
            raise failure(reply, name, self.sources, noun)
        return reply["value"]


class StudentFunction:
    """One function of the student's. Each call gets fresh copies of its arguments."""

    def __init__(self, student: Student, name: str, without: list[str], tensors: bool = False) -> None:
        self.student = student
        self.name = name
        self.without = without
        self.tensors = tensors

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

    def gradients(self, *args: Plain, cotangent: np.ndarray, **kwargs: Plain) -> tuple[np.ndarray, ...]:
        """Call it with tensors, and differentiate the sum of its value times the cotangent.

        Parameters
        ----------
        *args, **kwargs : Plain
            For the function; arrays become tensors.
        cotangent : ndarray
            In the shape that the value should have.

        Returns
        -------
        tuple of ndarray
            The value, then the gradient of each positional argument that is an array of floats.

        Raises
        ------
        CheckFailedError
            As in a call, and if the value is no tensor or has another shape, or no gradient reaches an
            argument.
        """
        request = self._request("gradients", args, kwargs) | {"cotangent": np.asarray(cotangent)}
        found = self.student.value(self.name, request)
        floats = [arg for arg in args if isinstance(arg, np.ndarray) and arg.dtype.kind == "f"]
        if type(found) is not tuple or list(map(type, found)) != [np.ndarray] * (1 + len(floats)):
            raise odd(self.name)
        return found

    def measure(self, *args: Plain, **kwargs: Plain) -> Measured:
        """Call it twice, and return what a call takes.

        The student's own process measures; a student could write code that deceives it, so this suits a test
        of good manners, with wide margins, and never decides alone.

        Raises
        ------
        CheckFailedError
            As in a call.
        """
        found = self.student.value(self.name, self._request("measure", args, kwargs))
        if type(found) is not dict or set(found) != {"seconds", "bytes", "by"}:
            raise odd(self.name)
        seconds, size, by = found["seconds"], found["bytes"], found["by"]
        if type(seconds) is not float or type(size) is not int or by not in (TRACEMALLOC, PROFILER):
            raise odd(self.name)
        if not 0 <= seconds < math.inf or size < 0:
            raise odd(self.name)
        return Measured(seconds, size, by)

    def _request(self, kind: str, args: tuple, kwargs: dict) -> dict[str, Any]:
        request = {"kind": kind, "args": list(args), "kwargs": kwargs, "without": self.without}
        return request | {"tensors": True} if self.tensors else request


student = Student()
