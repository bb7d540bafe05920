"""What a run of the grading command leaves to read at once: a table, one line for each trouble, a CSV."""

import csv
from collections.abc import Sequence

import pandas as pd
from nbgrader.api import Assignment, Gradebook, Student, SubmittedAssignment

from course_pkg.grading.classroom.classfolder import ClassFolder
from course_pkg.grading.classroom.progress import FILE, read
from course_pkg.grading.classroom.scores import Progress, read_scores, state
from course_pkg.grading.reports import exports
from course_pkg.grading.reports.exports import harmless

MOST_ROWS = 100  # of the table on the terminal
MOST_LINES = 100  # of troubles

_COLUMNS = [
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
]
_COLUMNS += ["late_submission_penalty", "score", "max_score"]


def write_grades(room: ClassFolder, gradebook: Gradebook) -> None:
    """All assignments' totals, in the columns of nbgrader's own export; what is not graded stays empty.

    A student without a submission has 0, as in nbgrader's. Beside it, the same for Canvas and for Moodle.
    """
    progress = read(room.folder / FILE)
    db = gradebook.db
    students = db.query(Student).order_by(Student.last_name, Student.first_name, Student.id).all()
    with (room.folder / "grades.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(_COLUMNS)
        for assignment in db.query(Assignment).order_by(Assignment.name):
            fields = (
                SubmittedAssignment.student_id,
                SubmittedAssignment.timestamp,
                SubmittedAssignment.score,
            )
            query = db.query(*fields, SubmittedAssignment.late_submission_penalty)
            rows = query.filter(SubmittedAssignment.assignment_id == assignment.id)
            found = {student: rest for student, *rest in rows}
            known = progress.get(assignment.name, {})
            for student in students:
                when, score, penalty = found.get(student.id, (None, 0.0, 0.0))
                standing: Sequence[object] = (score, penalty, max(0.0, score - penalty))
                if student.id in known and known[student.id]["graded"] is None:
                    standing = ("", "", "")
                name = (student.last_name or "", student.first_name or "", student.email or "")
                due, points = assignment.duedate or "", assignment.max_score
                row = [assignment.name, due, when or "", student.id, *name, *standing, points]
                table.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    exports.write(room.folder, gradebook)
    db.rollback()  # we have only looked


def show(
    room: ClassFolder, assignment: str, progress: Progress, due: int, from_journal: int, seconds: float
) -> None:
    """Print how it went: a line a student, then what went wrong or was odd, then where everything is."""
    scores = read_scores(room, assignment)
    if len(scores.earned) <= MOST_ROWS:
        # narrow columns: number the parts, and say below which is which
        table = scores.earned.set_axis([f"P{i}" for i in range(1, len(scores.points) + 1)], axis="columns")
        lines = table.assign(total=scores.totals).map(lambda value: "–" if pd.isna(value) else f"{value:g}")
        lines["state"] = [state(scores, progress, student) for student in table.index]
        print(lines.to_string())
        print("\n".join(f"P{i} {part} ({p:g})" for i, (part, p) in enumerate(scores.points.items(), 1)))
    troubles = [
        f"PROBLEM {s}: {entry['problem']}" for s, entry in sorted(progress.items()) if entry["problem"]
    ]
    troubles += [f"NOTE {s}: {line}" for s, entry in sorted(progress.items()) for line in entry["remarks"]]
    for line in troubles[:MOST_LINES]:
        print("".join(c if c.isprintable() else "?" for c in line)[:300])
    if len(troubles) > MOST_LINES:
        print(f"… and {len(troubles) - MOST_LINES} more lines, in the class report")
    print(_counts(progress, due, from_journal, seconds))
    print(f"Feedback pages  {room.folder / 'feedback'}")
    print(f"Class report    {room.report(assignment)}")
    print(f"Scores          {room.folder / 'grades.csv'} and, part by part, {room.table(assignment)}")
    print(f"To upload       {room.folder / 'canvas.csv'}, {room.folder / 'moodle.csv'}")


def _counts(progress: Progress, due: int, from_journal: int, seconds: float) -> str:
    failed = sum(entry["graded"] is None for entry in progress.values())
    if not due:
        return "Nothing new to grade."
    parts = [f"{due - failed} of {len(progress)} submissions graded now, in {seconds:.1f} s"]
    if from_journal:
        parts.append(f"{from_journal} of them had been run before")
    if failed:
        parts.append(f"{failed} not graded")
    return "; ".join(parts)
