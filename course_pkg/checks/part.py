"""One graded part of an assignment: its tests, what each found, and the score.

The tests in the student's copy are basics: when one of them fails the part scores 0. At grading the hidden
tests join them; some of those carry points of their own, for the edge cases that a good solution can miss.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

from course_pkg.checks.discretion import clean, discreet, is_discreet
from course_pkg.checks.errors import CheckFailedError, NotWrittenError, StillRunningError

ROUNDING = 1e-9  # points; what fractions of points may add up to beyond the whole
VERDICT_TYPE = "application/vnd.course-pkg.part+json"  # MIME type under which a notebook stores the verdict


class PartFailedError(Exception):
    """The part scores nothing. nbgrader gives a cell that raises no points."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]  # IPython shows this line in place of the traceback through the test


@dataclass(frozen=True)
class Result:
    """What one test found; an empty message means that it passed."""

    name: str
    message: str
    hidden: bool
    points: float

    @property
    def passed(self) -> bool:
        """Whether the test ended well."""
        return not self.message


class Part:
    """Collects the tests of one part and turns them into a score.

    Parameters
    ----------
    name : str
        The part's name: the `grade_id` of its test cell.
    points : float
        The most that it can score: the points of its test cell.

    Raises
    ------
    ValueError
        If the points are not a finite number, 0 or more.

    Examples
    --------
    >>> part = Part("sums", points=3)
    >>> @part.test("two and two")
    ... def _():
    ...     assert 2 + 2 == 4
    >>> @part.hidden_test("large numbers", points=1)
    ... def _():
    ...     raise CheckFailedError("they overflow")
    >>> part.score()
    sums: 2 of 3 points
      ✓ two and two
      ✗ large numbers — they overflow (1 point)
      The tests without points: 2 points, together.
    2.0
    """

    def __init__(self, name: str, points: float) -> None:
        self.name = name
        self.points = _checked_points(points, f"part {name!r}")
        self.results: list[Result] = []
        self.notes: list[str] = []
        self.written = False  # until a test meets something other than a stub
        self.stopped = False  # until a test is interrupted

    def test(self, name: str) -> Callable[[Callable[[], None]], None]:
        """Decorator that runs a visible test: a function that raises `CheckFailedError` for what is wrong."""
        return lambda body: self._run(body, name, hidden=False, points=0)

    def hidden_test(self, name: str, points: float = 0) -> Callable[[Callable[[], None]], None]:
        """Decorator that runs a hidden test: a basic one, or one that carries `points` of its own.

        While it runs, messages show little of what the student's function says (see
        `course_pkg.checks.discretion`).

        Raises
        ------
        ValueError
            If the points are not a finite number, 0 or more, or the hidden tests so far have more points than
            the part: a mistake in the assignment.
        """
        points = _checked_points(points, f"hidden test {name!r} of part {self.name!r}")
        together = math.fsum([points, *(result.points for result in self.results)])
        if together > self.points + ROUNDING:
            raise ValueError(
                f"part {self.name!r} has {self.points:g} points, but its hidden tests up to {name!r} "
                f"have {together:g} together"
            )
        return lambda body: self._run(body, name, hidden=True, points=points)

    def note(self, text: str) -> None:
        """Add a line to what the part shows, such as a measured figure."""
        self.notes.append(text)

    def verdict(self) -> dict:
        """The part's outcome as plain data.

        Returns
        -------
        dict
            part, points, state ("not written", "failed", "visible tests pass" or "graded"), score (None as
            long as only visible tests have passed), basics (what the tests without points are worth
            together), tests (each name, passed, message, hidden, points) and notes.
        """
        basics_pass = bool(self.results) and all(r.passed for r in self.results if r.points == 0)
        graded = any(r.hidden for r in self.results)
        lost = math.fsum(r.points for r in self.results if not r.passed)
        if not basics_pass or self.stopped:  # which no tests at all do not do either
            state, score = "failed" if self.written else "not written", 0.0
        elif graded:
            state, score = "graded", self._within(self.points - lost)
        else:
            state, score = "visible tests pass", None
        tests = [asdict(r) | {"passed": r.passed} for r in self.results]
        return {
            "part": self.name,
            "points": self.points,
            "state": state,
            "score": score,
            "basics": self._within(self.points - math.fsum(r.points for r in self.results)),
            "tests": tests,
            "notes": self.notes,
        }

    def score(self) -> float | None:
        """Show the verdict and return the score, which nbgrader reads as partial credit.

        Returns
        -------
        float or None
            Points; None when only the visible tests are there and all of them pass.

        Raises
        ------
        PartFailedError
            If the part scores nothing: an error stays a zero even where a returned value is lost.
        """
        verdict = self.verdict()
        _show(verdict)
        if verdict["score"] == 0:
            reason = "not written yet" if verdict["state"] == "not written" else _headline(verdict)
            raise PartFailedError(f"{self.name}: {reason}")
        return verdict["score"]

    def _within(self, points: float) -> float:
        """From 0 to the part's points, whatever rounding has done."""
        return min(max(points, 0.0), self.points)

    def _run(self, body: Callable[[], None], name: str, hidden: bool, points: float) -> None:
        message, stub = "", False
        # what a hidden test has shown the function, it may tell in a visible one that comes later
        guarded = hidden or is_discreet() or any(result.hidden for result in self.results)
        try:
            if self.stopped:  # it would run without end again
                raise CheckFailedError("not run")
            with discreet(guarded):
                body()
        except StillRunningError as error:
            self.stopped = True
            message = f"{error} when its time was over: is there an endless loop?"
        except CheckFailedError as error:
            message, stub = str(error) or "failed", isinstance(error, NotWrittenError)
        except Exception as error:
            # an answer so odd that the test itself stumbles over it must not end the others
            said = "" if guarded else f": {clean(str(error))}"
            message = f"the answer could not be checked ({type(error).__name__}{said})"
        self.written |= not stub
        self.results.append(Result(name, message, hidden, points))


def _checked_points(points: float, of: str) -> float:
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < math.inf:
        raise ValueError(f"points of {of}: got {points!r}, expected a finite number, 0 or more")
    return float(points)


def as_text(verdict: dict) -> str:
    """The verdict as lines for people.

    >>> print(as_text(Part("sums", points=3).verdict()))
    sums: no tests
    """
    lines = [f"{verdict['part']}: {_headline(verdict)}"]
    if verdict["state"] != "not written":
        lines += [_test_line(test) for test in verdict["tests"]]
        if any(test["points"] for test in verdict["tests"]):
            lines.append(f"  The tests without points: {_points(verdict['basics'])}, together.")
    return "\n".join(lines + [f"  {note}" for note in verdict["notes"]])


def _headline(verdict: dict) -> str:
    tests, points = verdict["tests"], f"{verdict['points']:g}"
    failing = sum(not test["passed"] for test in tests)
    if verdict["state"] == "not written":
        return next((test["message"] for test in tests), "no tests")
    if verdict["state"] == "visible tests pass":
        return f"the visible tests pass; hidden tests decide its {points} points at grading"
    if not any(test["hidden"] for test in tests):
        return f"not yet; {failing} of {len(tests)} visible tests fail{'s' * (failing == 1)}"
    return f"{verdict['score']:g} of {points} points"


def _test_line(test: dict) -> str:
    worth = f" ({_points(test['points'])})" if test["points"] else ""
    return (
        f"  ✓ {test['name']}{worth}" if test["passed"] else f"  ✗ {test['name']} — {test['message']}{worth}"
    )


def _points(points: float) -> str:
    return f"{points:g} point{'s' if points != 1 else ''}"


def _show(verdict: dict) -> None:
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(as_text(verdict))
    else:
        ipython.display.display({"text/plain": as_text(verdict), VERDICT_TYPE: verdict}, raw=True)
