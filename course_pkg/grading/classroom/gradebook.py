"""The class's gradebook: over one connection, and many students at a time."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Select, select, update

from course_pkg.grading.fingerprints import digest

FACTS = ("first_name", "last_name", "email", "lms_user_id")
CHUNK = 500  # students in one statement: databases bound the number of its parameters


@contextmanager
def one_engine(url: str) -> Iterator[Gradebook]:
    """Open the gradebook once for all that this process does with it while the block runs.

    nbgrader opens the gradebook anew in each of its steps, ten times a submission, and each time connects,
    looks whether all tables are there, and forgets the queries that it has compiled. Here every `Gradebook`
    of this URL uses one engine and one session, which forgets all that it has read when any of them is
    closed: nothing that was read before one of nbgrader's steps may be used after it.
    """
    with Gradebook(url) as first:
        opening, closing = Gradebook.__init__, Gradebook.close
        courses = {first.course_id}

        def adopt(
            self: Gradebook, db_url: str, course_id: str = "default_course", authenticator: Any = None
        ) -> None:
            if db_url != url:
                opening(self, db_url, course_id, authenticator)
                return
            self.engine, self.course_id, self.authenticator = first.engine, course_id, authenticator
            self.db = first.db
            if course_id not in courses:
                self.check_course(course_id=course_id)
                courses.add(course_id)

        def leave(self: Gradebook) -> None:
            if self.engine is first.engine:
                self.db.remove()
            else:
                closing(self)

        with patch.object(Gradebook, "__init__", adopt), patch.object(Gradebook, "close", leave):
            yield first


@contextmanager
def one_transaction(gradebook: Gradebook) -> Iterator[Callable[[], None]]:
    """Make all that is committed in the block one transaction: it is all there in the end, or nothing.

    nbgrader commits after each cell, and each commit waits for the disk or the server.

    Parameters
    ----------
    gradebook : Gradebook
        As `one_engine` gives it.

    Yields
    ------
    callable
        Undoes all that was committed in the block so far.
    """
    session = gradebook.db
    session.remove()
    with gradebook.engine.begin() as connection:
        session.configure(bind=connection, join_transaction_mode="rollback_only")
        try:
            yield connection.rollback
        finally:
            session.remove()
            session.configure(bind=gradebook.engine, join_transaction_mode="conditional_savepoint")


def enrol(gradebook: Gradebook, students: Mapping[str, Mapping[str, str]]) -> None:
    """Put students into the gradebook, with what is known of them; others stay as they are.

    Parameters
    ----------
    gradebook : Gradebook
    students : mapping
        first_name, last_name, email and lms_user_id by id, as far as they are known; whatever else is known
        does not go into the gradebook.
    """
    there = {student.id: student for student in gradebook.db.query(Student)}
    for name, known in students.items():
        facts = {fact: value for fact, value in known.items() if fact in FACTS}
        student = there.get(name)
        if student is None:
            gradebook.db.add(Student(id=name, **facts))
        else:
            for fact, value in facts.items():
                if getattr(student, fact) != value:
                    setattr(student, fact, value)
    gradebook.db.commit()


def take_back_scores(
    gradebook: Gradebook, assignment: str, students: Collection[str], notebook: str | None = None
) -> None:
    """Take back the scores that a machine gave, so that none is left over from an earlier submission.

    Marks and comments that a person gave stay, and are flagged for another look. Students and submissions
    that the gradebook does not know have no scores.

    Parameters
    ----------
    gradebook : Gradebook
    assignment : str
    students : collection of str
    notebook : str or None
        Only this notebook's scores; None for those of all.
    """
    names = sorted(students)
    for start in range(0, len(names), CHUNK):
        those = _notebooks(assignment).where(SubmittedAssignment.student_id.in_(names[start : start + CHUNK]))
        if notebook is not None:
            those = those.join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            those = those.where(Notebook.name == notebook)
        forget = (
            update(Grade).where(Grade.notebook_id.in_(those)).values(auto_score=None, needs_manual_grade=True)
        )
        gradebook.db.execute(forget, execution_options={"synchronize_session": False})
    gradebook.db.commit()


def feedback_inputs(gradebook: Gradebook, assignment: str, student: str | None = None) -> dict[str, str]:
    """A hash of everything in the gradebook that a feedback page shows, by student.

    Parameters
    ----------
    gradebook : Gradebook
    assignment : str
    student : str or None
        Only this one; None for all that have a submission in the gradebook.
    """
    shown: dict[str, list[tuple]] = defaultdict(list)
    queries = [
        _per_cell(Grade, assignment, Grade.auto_score, Grade.manual_score, Grade.extra_credit),
        _per_cell(Comment, assignment, Comment.auto_comment, Comment.manual_comment),
        select(SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
        .order_by(SubmittedNotebook.id),
        select(Student.id, Student.first_name, Student.last_name),
    ]
    for query, whose in zip(queries, [SubmittedAssignment.student_id] * 3 + [Student.id], strict=True):
        for name, *facts in gradebook.db.execute(query if student is None else query.where(whose == student)):
            shown[name].append(tuple(facts))
    gradebook.db.rollback()  # we have only looked
    return {name: digest(facts) for name, facts in shown.items()}


def _notebooks(assignment: str) -> Select:
    """The ids of all submitted notebooks of an assignment."""
    return (
        select(SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
    )


def _per_cell(kind: Any, assignment: str, *fields: Any) -> Select:
    """(student, name of the cell, fields …) of each grade or comment."""
    return (
        select(SubmittedAssignment.student_id, BaseCell.name, *fields)
        .select_from(kind)
        .join(BaseCell, BaseCell.id == kind.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
        .order_by(BaseCell.name, SubmittedNotebook.id)
    )
