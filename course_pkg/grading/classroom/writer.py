"""Take graded submissions into the gradebook and make feedback pages, with nbgrader's own converters.

One process does this for a class: a gradebook is no place for a crowd.
"""

import glob
import re
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.utils import capture_log

from course_pkg.grading.classroom.classfolder import ClassFolder
from course_pkg.grading.classroom.gradebook import one_transaction
from course_pkg.grading.reports.pages import Pages

_ERROR = re.compile(r"^ *(?:\w+\.)*(\w*(?:Error|Exception|Died|Unreadable)\w*): *(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Written:
    """How a step of nbgrader's went.

    Attributes
    ----------
    problem : str or None
        One line that says why it failed; None if it did not.
    log : str
        All that nbgrader said.
    """

    problem: str | None
    log: str


class Writer:
    """The steps of nbgrader that write, for one assignment of a class, one student after the other.

    Parameters
    ----------
    room : ClassFolder
    assignment : str
    gradebook : Gradebook
        As `course_pkg.grading.classroom.gradebook.one_engine` gives it.
    """

    def __init__(self, room: ClassFolder, assignment: str, gradebook: Gradebook) -> None:
        self.room = room
        self.gradebook = gradebook
        self.assignment = assignment
        self._pages = Pages(coursedir=room.coursedir(assignment), config=room.config)
        self._pages.force = True

    def scores(self, student: str) -> Written:
        """Put the student's scores into the gradebook, and the executed notebooks into autograded/.

        If anything goes wrong, the gradebook is as it was.
        """
        grader = Autograde(coursedir=self.room.coursedir(self.assignment, student), config=self.room.config)
        grader.force = True
        with one_transaction(self.gradebook) as undo:
            written = _run(grader)
            if written.problem:
                undo()  # some of the scores may have been saved
        return written

    def page(self, student: str) -> Written:
        """Make the student's feedback pages."""
        self._pages.coursedir.student_id = glob.escape(student)  # nbgrader takes it for a pattern
        return _run(self._pages)


def _run(converter: Any) -> Written:
    outcome = capture_log(converter)
    log = outcome.get("log", "")
    if outcome["success"]:
        return Written(None, log)
    log += outcome["error"]
    return Written(_reason(log), log)


def _reason(log: str) -> str:
    """The error that nbgrader met, out of its log: the last one that is not nbgrader's own summary."""
    errors = [(name, text) for name, text in _ERROR.findall(log) if name != "NbGraderException"]
    if not errors:
        return "nbgrader failed without a message (see grading.log)"
    name, text = errors[-1]
    return f"{name}: {text}"[:150]
