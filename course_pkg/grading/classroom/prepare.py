"""What has to be known and done before a class can be graded."""

from collections.abc import Sequence
from pathlib import Path

import nbgrader
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.utils import capture_log

from course_pkg.grading.classroom.classfolder import LOG, ClassFolder
from course_pkg.grading.classroom.gradebook import enrol
from course_pkg.grading.execution.journal import environment
from course_pkg.grading.execution.task import Task, task_for
from course_pkg.grading.fingerprints import digest, fingerprint, of_submission

GRADING = Path(__file__).resolve().parents[1]
# what decides, beside the run itself, what becomes of a submission
INTAKE = ("intake", "execution/isolated.py", "settings.py")


def submitters(room: ClassFolder, assignment: str) -> list[str]:
    """Ids of the students who have handed in.

    Raises
    ------
    ValueError
        If there are none, or there is no such assignment.
    """
    if not room.notebooks(assignment):
        known = sorted(path.parent.name for path in room.source.glob("*/*.ipynb"))
        raise ValueError(
            f"assignment: got {assignment!r}, expected one of {', '.join(known) or '(none there)'}"
        )
    students = room.submitters(assignment)
    if not students:
        raise ValueError(
            f"--class: expected {room.folder}/submitted/STUDENT/{assignment}/, found no submission"
        )
    return students


def register(room: ClassFolder, assignment: str, gradebook: Gradebook, students: Sequence[str]) -> None:
    """Put the assignment, the roster and whoever has handed in into the gradebook.

    Raises
    ------
    ValueError
        If the instructor's notebooks are damaged.
    """
    roster = room.roster()
    enrol(gradebook, roster | {student: {} for student in students if student not in roster})
    maker = GenerateAssignment(coursedir=room.coursedir(assignment), config=room.config)
    maker.force = True
    outcome = capture_log(maker)
    room.log(f"{assignment} generate_assignment", outcome.get("log", ""))
    if not outcome["success"]:
        reason = outcome["error"].strip().splitlines()[-1]
        raise ValueError(f"nbgrader could not generate {assignment}: {reason} (see {room.folder / LOG})")


def fingerprints(room: ClassFolder, assignment: str, students: Sequence[str]) -> dict[str, str]:
    """For each student, a hash of all that a score depends on: submission, tests, what they run on."""
    source = room.source / assignment
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted(source.glob("*.ipynb")))
    blank = task_for(NotebookNode(), "", assignment, "", room.source)
    ground = digest(
        fingerprint([source, *(GRADING / name for name in INTAKE)]),
        environment(Task("", assignment, "", tests, blank.limits, blank.files)),
        nbgrader.__version__,
    )
    return {
        student: f"{ground}-{of_submission(room.submission(student, assignment))}" for student in students
    }
