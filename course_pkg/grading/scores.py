"""What the gradebook holds, as tables."""

from dataclasses import dataclass
from typing import Any

import nbformat
import pandas as pd
from nbgrader.api import Grade, Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.utils import is_grade, is_solution

from course_pkg.grading.classfolder import ClassFolder
from course_pkg.grading.standing import take_back

# student -> graded and feedback (fingerprints), seconds, problem; what classroom.py keeps between runs
Progress = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scores:
    """The scores of one assignment.

    Attributes
    ----------
    points : pandas.Series
        The most that each part can score; index: the parts in the notebook's order.
    earned : pandas.DataFrame
        One row a student of the class, one column a part; NaN where there is no score (yet).
    by_hand : frozenset of str
        The parts that a person marks.
    names : pandas.Series
        Each student's name (the id, where no name is known).
    """

    points: pd.Series
    earned: pd.DataFrame
    by_hand: frozenset[str]
    names: pd.Series

    @property
    def totals(self) -> pd.Series:
        """The sum of what each student has so far; NaN for who has no score at all."""
        return self.earned.sum(axis=1, min_count=1)

    @property
    def pending(self) -> pd.Series:
        """How many parts of each student's still wait for a person, where there is a score."""
        waiting = self.earned.isna().sum(axis=1)
        return waiting.where(self.totals.notna(), 0)


def read_scores(room: ClassFolder, assignment: str) -> Scores:
    """All scores of an assignment, from the class's gradebook."""
    parts = _parts(room, assignment)
    with Gradebook(room.database) as gradebook:
        rows = {s.id: _row(gradebook, assignment, s.id) for s in gradebook.students}
        names = {
            s.id: " ".join(filter(None, (s.first_name, s.last_name))) or s.id for s in gradebook.students
        }
    earned = pd.DataFrame.from_dict(
        rows, orient="index", columns=[name for name, _, _ in parts], dtype=float
    ).sort_index()
    return Scores(
        points=pd.Series({name: points for name, points, _ in parts}, dtype=float),
        earned=earned,
        by_hand=frozenset(name for name, _, by_hand in parts if by_hand),
        names=pd.Series(names, dtype=object).reindex(earned.index),
    )


def state(scores: Scores, progress: Progress, student: str) -> str:
    """Where a student's grading stands, in a few words."""
    if student not in progress:
        return "no submission"
    if progress[student]["graded"] is None:
        return "not graded"
    waiting = int(scores.pending[student])
    return f"{waiting} to mark by hand" if waiting else "graded"


def forget_scores(room: ClassFolder, assignment: str, student: str) -> None:
    """Take back the scores that a machine gave (see `course_pkg.grading.standing.take_back`)."""
    take_back(room.database, assignment, student)


def feedback_inputs(room: ClassFolder, assignment: str, student: str) -> list[tuple[str, str]]:
    """Everything in the gradebook that a student's feedback page shows, in a form to compare."""
    with Gradebook(room.database) as gradebook:
        submission = _submission(gradebook, assignment, student)
        marks = [(grade.name, str(_score(grade))) for grade in _grades(submission)]
        notebooks = submission.notebooks if submission else []
        return marks + [(c.name, c.comment or "") for n in notebooks for c in n.comments]


def _parts(room: ClassFolder, assignment: str) -> list[tuple[str, float, bool]]:
    """(name, points, marked by hand) of each part, in the order of the released notebook."""
    parts = []
    for name in room.notebooks(assignment):
        notebook = nbformat.read(room.folder / "release" / assignment / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            if is_grade(cell):
                settings = cell.metadata.nbgrader
                parts.append((settings.grade_id, float(settings.points), is_solution(cell)))
    return parts


def _submission(gradebook: Gradebook, assignment: str, student: str) -> SubmittedAssignment | None:
    try:
        return gradebook.find_submission(assignment, student)
    except MissingEntry:
        return None


def _grades(submission: SubmittedAssignment | None) -> list[Grade]:
    return [grade for notebook in submission.notebooks for grade in notebook.grades] if submission else []


def _score(grade: Grade) -> float | None:
    """The points that a grade stands at; None as long as neither machine nor person gave any."""
    if grade.manual_score is None and grade.auto_score is None:
        return None
    return float(grade.score + (grade.extra_credit or 0))


def _row(gradebook: Gradebook, assignment: str, student: str) -> dict[str, float | None]:
    return {grade.name: _score(grade) for grade in _grades(_submission(gradebook, assignment, student))}
