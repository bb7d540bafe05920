"""What the gradebook holds, as tables."""

from dataclasses import dataclass
from typing import Any

import nbformat
import pandas as pd
from nbgrader.api import Gradebook
from nbgrader.utils import is_grade, is_solution

from course_pkg.grading.classroom.classfolder import ClassFolder
from course_pkg.grading.classroom.results import results

# student -> graded and feedback (fingerprints), seconds (by stage), problem, remarks; see progress.py
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
        found = results(gradebook, assignment)
        names = {
            s.id: " ".join(filter(None, (s.first_name, s.last_name))) or s.id for s in gradebook.students
        }
    # who has no submission in the gradebook still has a row
    rows = [found[name].parts if name in found else {} for name in names]
    earned = pd.DataFrame(
        rows, index=pd.Index(list(names), dtype=object), columns=[name for name, _, _ in parts], dtype=float
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


def _parts(room: ClassFolder, assignment: str) -> list[tuple[str, float, bool]]:
    """(name, points, marked by hand) of each part, in the order of the released notebook."""
    parts = []
    names = room.notebooks(assignment)
    for name in names:
        notebook = nbformat.read(room.folder / "release" / assignment / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            if is_grade(cell):
                settings = cell.metadata.nbgrader
                part = f"{name}/{settings.grade_id}" if len(names) > 1 else settings.grade_id
                parts.append((part, float(settings.points), is_solution(cell)))
    return parts
