"""Scores as CSV that Canvas and Moodle import, as export plugins of nbgrader::

    nbgrader export --exporter course_pkg.grading.reports.exports.CanvasExport --to canvas.csv
    nbgrader export --exporter course_pkg.grading.reports.exports.MoodleExport --to moodle.csv

Each can fill in a file that was downloaded from the system, which then knows every row and column again:
``--CanvasExport.template gradebook.csv`` (Canvas: Grades, Export) and ``--MoodleExport.template
worksheet.csv`` (Moodle: the assignment's "Download grading worksheet"). Scores are those of nbgrader, with
extra credit and without late penalties. A score that is not there, or not complete, is an empty cell: both
systems leave such a grade as it was.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from nbgrader.api import Gradebook, Student
from nbgrader.plugins import ExportPlugin
from traitlets import Dict, Unicode

from course_pkg.grading.classroom.results import Result, number, results

Row = dict[str, str]

# a cell that begins like this is a formula for Excel, LibreOffice or Google Sheets; a lone dash is none
_FORMULA = re.compile(r"^\s*(?!-\s*$)[=+\-@＝＋－＠|]|^[\t\r\n]")
_CANVAS_ID = re.compile(r"^(.*\S)\s*\(\d+\)$")  # Canvas names a column "title (id)"


class CourseExport(ExportPlugin):
    """What both exports share: which assignments and students, and what they have."""

    suggested = "grades.csv"

    template = Unicode("", help="a file downloaded from the system, whose rows are filled in").tag(
        config=True
    )
    columns = Dict(
        help="the column of each assignment, where it is named otherwise, e.g. {'a1': 'Homework 1 (42)'}"
    ).tag(config=True)

    def export(self, gradebook: Gradebook) -> None:
        """Write the file named by `to`.

        Raises
        ------
        ValueError
            If an assignment or student to export is not in the gradebook, or the template does not fit.
        """
        assignments = _chosen("assignment", self.assignment, {a.name: a for a in gradebook.assignments})
        by_name = sorted(gradebook.students, key=lambda s: (s.last_name or "", s.first_name or "", s.id))
        students = _chosen("student", self.student, {s.id: s for s in by_name})
        found = {name: results(gradebook, name) for name in assignments}
        points = {name: float(assignment.max_score) for name, assignment in assignments.items()}
        header, rows = self.table(list(students.values()), points, found)
        target = Path(self.to or self.suggested)
        with target.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, header)
            writer.writeheader()
            writer.writerows({name: harmless(cell) for name, cell in row.items()} for row in rows)
        for name, by_student in found.items():
            waiting = sum(not result.grade for student, result in by_student.items() if student in students)
            absent = len(set(students) - set(by_student))
            self.log.info(
                f"{target}: {name}; left empty: {waiting} not fully graded, {absent} without submission"
            )
            again = [s for s, result in by_student.items() if s in students and result.flagged]
            if again:
                self.log.warning(
                    f"{name}: marked by hand, then graded again, have a look: {', '.join(again)}"
                )

    def table(
        self, students: list[Student], points: dict[str, float], found: dict[str, dict[str, Result]]
    ) -> tuple[list[str], list[Row]]:
        """The header and the rows of the file."""
        raise NotImplementedError

    def _read_template(self, kind: str, needed: set[str]) -> tuple[list[str], list[Row]]:
        with open(self.template, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="")
            header, rows = list(reader.fieldnames or []), list(reader)
        missing = ", ".join(sorted(needed - set(header)))
        if missing:
            raise ValueError(f"template: {self.template} is no {kind}, it has no column {missing}")
        return header, rows


class CanvasExport(CourseExport):
    """Canvas's gradebook CSV: one row a student, one column an assignment, after a row of points possible."""

    suggested = "canvas.csv"

    def table(
        self, students: list[Student], points: dict[str, float], found: dict[str, dict[str, Result]]
    ) -> tuple[list[str], list[Row]]:
        """See `CourseExport.table`; without a template Canvas knows students by their SIS ids."""
        who = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        if not self.template:
            column = {name: self.columns.get(name, name) for name in points}
            rows = [_canvas_row(student) for student in students]
            owners = [student.id for student in students]
        else:
            header, rows = self._read_template("gradebook of Canvas's", {"Student", "ID", "Section"})
            column = {name: self._column(name, header) for name in points}
            for row in rows:
                if "Points Possible" in row["Student"]:
                    _same_points(self.template, {name: (row[column[name]], p) for name, p in points.items()})
            who = [name for name in header if name in {*who, "Integration ID", "Root Account"}]
            rows = [{name: row[name] for name in who} for row in rows if _is_student(row)]
            keys = ["SIS User ID", "SIS Login ID", "ID"]
            owners = _owners(rows, keys, students)
        for row, owner in zip(rows, owners, strict=True):
            for name in points:
                row[column[name]] = found[name][owner].grade if owner in found[name] else ""
        possible = {"Student": "    Points Possible"} | {
            column[name]: number(p) for name, p in points.items()
        }
        return [*who, *column.values()], [
            possible,
            *(row for row, owner in zip(rows, owners, strict=True) if owner),
        ]

    def _column(self, name: str, header: Iterable[str]) -> str:
        """The column of an assignment in Canvas's own file: its title and its number there."""
        wanted = self.columns.get(name, name)
        fitting = [title for title in header if wanted in (title, _CANVAS_ID.sub(r"\1", title))]
        if len(fitting) != 1:
            raise ValueError(
                f"template: expected one column {wanted!r} in {self.template}, found {fitting or 'none'}; "
                "CanvasExport.columns names it"
            )
        return fitting[0]


class MoodleExport(CourseExport):
    """Moodle's CSV: the gradebook import, or, with a template, an assignment's offline grading worksheet."""

    suggested = "moodle.csv"

    def table(
        self, students: list[Student], points: dict[str, float], found: dict[str, dict[str, Result]]
    ) -> tuple[list[str], list[Row]]:
        """See `CourseExport.table`; a worksheet is that of one assignment."""
        if self.template:
            return self._worksheet(students, points, found)
        who = ["First name", "Last name", "ID number", "Email address"]
        column = {name: self.columns.get(name, name) for name in points}
        rows = []
        for s in students:
            row = dict(zip(who, (s.first_name or "", s.last_name or "", s.id, s.email or ""), strict=True))
            for name in points:
                result = found[name].get(s.id)
                row[column[name]] = result.grade if result else ""
                row[f"{column[name]} (feedback)"] = result.feedback if result else ""
            rows.append(row)
        grades = [title for name in column.values() for title in (name, f"{name} (feedback)")]
        return [*who, *grades], rows

    def _worksheet(
        self, students: list[Student], points: dict[str, float], found: dict[str, dict[str, Result]]
    ) -> tuple[list[str], list[Row]]:
        if len(points) != 1:
            raise ValueError(f"assignment: a worksheet is for one, got {', '.join(points) or 'none'}")
        [(name, most)] = points.items()
        needed = {"Identifier", "Grade", "Last modified (grade)"}
        header, rows = self._read_template("grading worksheet of Moodle's", needed)
        keys = ["ID number", "Username", "Email address", "Identifier"]
        filled = []
        for row, owner in zip(rows, _owners(rows, keys, students), strict=True):
            result = found[name].get(owner)
            if result is None or not result.grade or row.get("Grade can be changed") == "No":
                continue  # a row that is not there leaves the grade as it was
            _same_points(self.template, {name: (row.get("Maximum Grade", ""), most)})
            row["Grade"] = result.grade
            if "Feedback comments" in header:
                row["Feedback comments"] = result.feedback
            filled.append(row)
        return header, filled


def write(folder: Path, gradebook: Gradebook) -> list[Path]:
    """Write canvas.csv and moodle.csv, for all assignments, into the class folder."""
    written = []
    for exporter in (CanvasExport, MoodleExport):
        path = folder / exporter.suggested
        exporter(to=str(path)).export(gradebook)
        written.append(path)
    return written


def harmless(cell: str) -> str:
    """The text of a cell, which no spreadsheet takes for a formula.

    Examples
    --------
    >>> harmless("=cmd|' /C calc'!A0"), harmless("O'Brien"), harmless("34.5")
    ("'=cmd|' /C calc'!A0", "O'Brien", '34.5')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _chosen(what: str, names: list, known: dict) -> dict:
    """The things of those names; all of them if no name is given."""
    wanted = [str(name) for name in names] or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"{what}: expected names from the gradebook, got {', '.join(map(repr, unknown))}")
    return {name: known[name] for name in wanted}


def _canvas_row(student: Student) -> Row:
    name = ", ".join(filter(None, (student.last_name, student.first_name))) or student.id
    ids = {"ID": student.lms_user_id or "", "SIS User ID": student.id, "SIS Login ID": student.id}
    return {"Student": name, **ids, "Section": ""}


def _is_student(row: Row) -> bool:
    """Whether it is a student's row: Canvas has one of points, and one that says what is posted by hand."""
    return bool(row["Student"]) and "Points Possible" not in row["Student"]


def _owners(rows: list[Row], keys: list[str], students: list[Student]) -> list[str]:
    """The student of each row, found by what the columns `keys` say; "" where there is none of ours."""
    by_key: dict[str, str] = {}
    for student in students:
        for known in (student.email, student.lms_user_id, student.id):  # the id wins
            if known:
                by_key[known.casefold()] = student.id
    owners = []
    for row in rows:
        said = [row.get(key, "").strip().casefold() for key in keys]
        said += [value.split()[-1] for value in said if value.count(" ") == 1]  # "Participant 42"
        owners.append(next((by_key[value] for value in said if value in by_key), ""))
    twice = [owner for owner, times in Counter(owners).items() if owner and times > 1]
    if twice:
        raise ValueError(f"template: expected one row a student, found more for {', '.join(twice)}")
    return owners


def _same_points(template: str, points: dict[str, tuple[str, float]]) -> None:
    """Raise ValueError if the system counts to another maximum than the assignment does."""
    for name, (there, here) in points.items():
        if there and float(there.replace(",", ".")) != here:
            raise ValueError(f"template: {template} has {there} points for {name}, expected {number(here)}")
