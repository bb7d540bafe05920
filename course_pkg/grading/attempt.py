"""Grade one submission: the step that a safer and faster way of running notebooks will replace."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.utils import capture_log

from course_pkg.grading.classfolder import ClassFolder, open_class, use_this_environment

_ERROR = re.compile(r"^ *(?:\w+\.)*(\w*(?:Error|Exception|Died)\w*): *(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Attempt:
    """What came of grading one submission.

    Attributes
    ----------
    student : str
        The student's id.
    problem : str or None
        One line that says why it could not be graded; None if it was.
    seconds : float
        Wall-clock time it took.
    log : str
        All that nbgrader said.
    """

    student: str
    problem: str | None
    seconds: float
    log: str = ""


def autograde(folder: Path, assignment: str, student: str) -> Attempt:
    """Run the student's notebooks under stock nbgrader and put the scores into the gradebook.

    Never raises for a bad submission: what is wrong with it is in the attempt's `problem`.
    """
    use_this_environment()
    start = time.perf_counter()
    room = open_class(folder)
    problem = unreadable(room, assignment, student)
    if problem:
        return Attempt(student, problem, time.perf_counter() - start)
    grader = Autograde(coursedir=room.coursedir(assignment, student), config=room.config)
    grader.force = True
    outcome = capture_log(grader)
    log = outcome.get("log", "")
    if not outcome["success"]:
        log += outcome["error"]
        problem = _reason(log)
    return Attempt(student, problem, time.perf_counter() - start, log)


def unreadable(room: ClassFolder, assignment: str, student: str) -> str | None:
    """Why the submission cannot be graded at all, in one line; None if it can."""
    folder = room.submission(student, assignment)
    found = sorted(path.name for path in folder.glob("*.ipynb"))
    for name in room.notebooks(assignment):
        path = folder / f"{name}.ipynb"
        if not path.exists():
            return f"{name}.ipynb is missing (found {', '.join(found) or 'no notebook'})"
        try:
            notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        except (OSError, ValueError, AttributeError, nbformat.reader.NotJSONError) as error:
            # only the first words: a parser's message quotes the whole file
            return f"{path.name} is not a notebook ({' '.join(str(error).split())[:70]} …)"
        if notebook.nbformat != 4:
            return f"{path.name} has notebook format {notebook.nbformat}, expected 4"
    return None


def _reason(log: str) -> str:
    """The error that nbgrader met, out of its log: the last one that is not nbgrader's own summary."""
    errors = [(name, text) for name, text in _ERROR.findall(log) if name != "NbGraderException"]
    if not errors:
        return "nbgrader failed without a message (see grading.log)"
    name, text = errors[-1]
    return f"{name}: {text}"[:150]
