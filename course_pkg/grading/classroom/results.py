"""What each student has in an assignment, as nbgrader's gradebook counts it."""

import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)


@dataclass
class Result:
    """What one student has in one assignment.

    Attributes
    ----------
    score : float
        nbgrader's score: extra credit counted in, the late penalty taken off, never below 0.
    parts : dict
        Points by part; None where neither machine nor person has given any.
    comments : list of str
        What a person or nbgrader remarked.
    flagged : bool
        Whether nbgrader asks for another look: the work was graded again after a person had marked it.
    """

    score: float
    parts: dict[str, float | None] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    flagged: bool = False

    @property
    def grade(self) -> str:
        """The score as a cell; empty as long as a part is without one."""
        if not self.parts or None in self.parts.values():
            return ""
        return number(self.score)

    @property
    def feedback(self) -> str:
        """Points part by part, then the comments, as one piece of HTML; empty without a grade."""
        if not self.grade:
            return ""
        parts = ", ".join(f"{name} {number(points or 0)}" for name, points in self.parts.items())
        return "<br>".join(html.escape(line) for line in [parts, *self.comments])


def results(gradebook: Gradebook, assignment: str) -> dict[str, Result]:
    """What every student who has a submission in the gradebook has in an assignment, by student id."""
    db = gradebook.db
    submitted = db.query(
        SubmittedAssignment.student_id, SubmittedAssignment.score, SubmittedAssignment.late_submission_penalty
    ).join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
    found = {
        student: Result(max(0.0, score - penalty))
        for student, score, penalty in submitted.filter(Assignment.name == assignment)
    }
    fields = (Grade.score, Grade.auto_score, Grade.manual_score, Grade.needs_manual_grade)
    for student, part, score, automatic, by_hand, flag in _of_cells(gradebook, assignment, Grade, *fields):
        found[student].parts[part] = None if automatic is None and by_hand is None else score
        found[student].flagged |= flag and by_hand is not None
    for student, part, comment in _of_cells(gradebook, assignment, Comment, Comment.comment):
        if comment:
            found[student].comments.append(f"{part}: {comment}")
    return found


def submitted(gradebook: Gradebook, assignment: str) -> set[str]:
    """The students who have a submission of the assignment in the gradebook."""
    query = gradebook.db.query(SubmittedAssignment.student_id)
    return {student for (student,) in query.join(Assignment).filter(Assignment.name == assignment)}


def number(value: float) -> str:
    """A score as both systems read it: at most two decimals, no zeros behind them.

    Examples
    --------
    >>> number(34.5), number(40.0), number(1 / 3)
    ('34.5', '40', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _of_cells(gradebook: Gradebook, assignment: str, kind: Any, *fields: Any) -> Iterable[tuple]:
    """(student, name of the cell, fields …) of each grade or comment, notebook by notebook."""
    rows = (
        gradebook.db.query(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, *fields)
        .select_from(kind)
        .join(BaseCell, BaseCell.id == kind.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
        .order_by(SubmittedAssignment.student_id, Notebook.name, BaseCell.name)
        .all()
    )
    several = len({notebook for _, notebook, *_ in rows}) > 1
    return [
        (student, f"{notebook}/{cell}" if several else cell, *rest) for student, notebook, cell, *rest in rows
    ]
