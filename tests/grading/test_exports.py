"""What Canvas and Moodle get to read: who, how much, and above all where nothing."""

import csv
import datetime
import logging
import shutil

import pandas as pd
import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from course_pkg.__main__ import main
from course_pkg.grading.assignments.sample_class import ASSIGNMENT
from course_pkg.grading.environment import use_this_environment
from course_pkg.grading.reports.exports import CanvasExport, MoodleExport, harmless

# id, first and last name, number in Canvas
ADA, BO, CY, DI = [
    ("ada", "Ada", "Lovelace", "901"),
    ("bo", "Bo", "=cmd|' /C calc'!A0", None),
    ("cy", "@Cy", "Young", None),
    ("di", "Di", "Ng", None),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A small class: Ada is done, Bo is late and got extra credit, Cy waits for a mark, Di is absent."""
    use_this_environment()
    path = tmp_path_factory.mktemp("book") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}") as gradebook:
        for student, first_name, last_name, number in (ADA, BO, CY, DI):
            gradebook.add_student(
                student,
                first_name=first_name,
                last_name=last_name,
                email=f"{student}@x.example",
                lms_user_id=number,
            )
        gradebook.add_assignment("a1", duedate=datetime.datetime(2026, 11, 1))
        gradebook.add_notebook("n", "a1")
        gradebook.add_grade_cell("flip", "n", "a1", max_score=6, cell_type="code")
        gradebook.add_grade_cell("why", "n", "a1", max_score=4, cell_type="markdown")
        gradebook.add_solution_cell("why", "n", "a1")
        for student, flip, why in [("ada", 6, 3.5), ("bo", 2, 1), ("cy", 6, None)]:
            gradebook.add_submission("a1", student)
            for name, score in [("flip", flip), ("why", why)]:
                grade = gradebook.find_grade(name, "n", "a1", student)
                grade.auto_score, grade.manual_score = (score, None) if name == "flip" else (None, score)
                grade.needs_manual_grade = score is None
        gradebook.find_grade("flip", "n", "a1", "bo").extra_credit = 0.25
        gradebook.find_submission_notebook("n", "a1", "bo").late_submission_penalty = 2
        gradebook.find_comment("why", "n", "a1", "ada").manual_comment = "Fine, but 1 < 2 & so on"
        gradebook.find_comment("why", "n", "a1", "cy").manual_comment = "=HYPERLINK(1)"
        gradebook.db.commit()
    return path


@pytest.fixture
def book(database, tmp_path):
    """The gradebook of that class, to change at will."""
    with Gradebook(f"sqlite:///{shutil.copy(database, tmp_path)}") as gradebook:
        yield gradebook


def written(exporter, gradebook, tmp_path, **settings):
    out = tmp_path / "out.csv"
    made = exporter(config=Config({exporter.__name__: settings}))
    made.to = str(out)
    made.export(gradebook)
    with out.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_canvas_without_a_template(book, tmp_path):
    header, possible, *rows = written(CanvasExport, book, tmp_path)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "a1"]
    assert possible == ["    Points Possible", "", "", "", "", "10"]
    assert rows == [
        ["'=cmd|' /C calc'!A0, Bo", "", "bo", "bo", "", "1.25"],  # 2 + 1 + 0.25 of extra credit, 2 off
        ["Lovelace, Ada", "901", "ada", "ada", "", "9.5"],
        ["Ng, Di", "", "di", "di", "", ""],
        ["Young, @Cy", "", "cy", "cy", "", ""],
    ]


def test_moodle_without_a_template(book, tmp_path):
    header, *rows = written(MoodleExport, book, tmp_path)
    assert header == ["First name", "Last name", "ID number", "Email address", "a1", "a1 (feedback)"]
    by_id = {row[2]: row for row in rows}
    assert by_id["ada"][3:] == [
        "ada@x.example",
        "9.5",
        "flip 6, why 3.5<br>why: Fine, but 1 &lt; 2 &amp; so on",
    ]
    assert by_id["cy"] == ["'@Cy", "Young", "cy", "cy@x.example", "", ""]
    assert by_id["di"][4:] == ["", ""]


def test_a_grade_taken_back_is_empty_and_not_zero(book, tmp_path):
    book.find_grade("flip", "n", "a1", "ada").auto_score = None
    book.db.commit()
    assert [row[5] for row in written(CanvasExport, book, tmp_path) if row[2] == "ada"] == [""]
    assert [row[4] for row in written(MoodleExport, book, tmp_path) if row[2] == "ada"] == [""]


def test_a_penalty_never_goes_below_nothing(book, tmp_path):
    book.find_submission_notebook("n", "a1", "bo").late_submission_penalty = 100
    book.db.commit()
    assert [row[5] for row in written(CanvasExport, book, tmp_path) if row[2] == "bo"] == ["0"]


CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework 1 (42),Current Score,Essay (43)
,,,,,Manual Posting,,
    Points Possible,,,,,10.00,(read only),5
"Lovelace, Ada",901,77001,ALovelace,"Section 1, morning",,80,4
"Bo",902,77002,bo@x.example,Section 1,,70,
"Young, Cy",903,cy,young,Section 2,3,,
"Student, Test",999,,test,Section 1,,,
"""


def test_canvas_file_is_filled_in(book, tmp_path):
    template = tmp_path / "export.csv"
    template.write_text(CANVAS, encoding="utf-8")
    settings = {"template": str(template), "columns": {"a1": "Homework 1"}}
    header, *rows = written(CanvasExport, book, tmp_path, **settings)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Homework 1 (42)"]
    assert rows == [
        ["    Points Possible", "", "", "", "", "10"],
        ["Lovelace, Ada", "901", "77001", "ALovelace", "Section 1, morning", "9.5"],  # by the number there
        ["Bo", "902", "77002", "bo@x.example", "Section 1", "1.25"],  # by the address
        ["Young, Cy", "903", "cy", "young", "Section 2", ""],  # pending: what stood there is not sent back
    ]


MOODLE = """Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 11,Ada Lovelace,,ADA@x.example,Submitted,,10.00,Yes,-,-,
Participant 12,Bo,bo,,Submitted,5.00,10.00,No,-,"Monday, 2 November 2026, 9:00 AM",
Participant 13,Cy,cy,,Submitted,,10.00,Yes,-,-,
Participant 14,Di,di,,No submission,,10.00,Yes,-,-,
"""


def test_moodle_worksheet_is_filled_in(book, tmp_path):
    template = tmp_path / "worksheet.csv"
    template.write_text(MOODLE, encoding="utf-8")
    header, *rows = written(MoodleExport, book, tmp_path, template=str(template))
    assert header == next(csv.reader(MOODLE.splitlines()))
    [row] = rows  # Bo's grade is locked there, the others have none
    assert row[:6] == ["Participant 11", "Ada Lovelace", "", "ADA@x.example", "Submitted", "9.5"]
    assert row[9] == "-"
    assert row[10].startswith("flip 6, why 3.5<br>")


def test_moodle_participants_are_known_by_their_number(book, tmp_path):
    """It is in the names of the files that Moodle gives out, so it may be the student's id here."""
    book.add_student("12", first_name="No", last_name="Body")
    book.add_submission("a1", "12")
    for name in ("flip", "why"):
        book.find_grade(name, "n", "a1", "12").manual_score = 2
    book.db.commit()
    template = tmp_path / "worksheet.csv"
    template.write_text(
        MOODLE.replace("5.00,10.00,No", ",10.00,Yes").replace("Bo,bo", "Bo,"), encoding="utf-8"
    )
    _, *rows = written(MoodleExport, book, tmp_path, template=str(template))
    assert [(row[0], row[5]) for row in rows] == [("Participant 11", "9.5"), ("Participant 12", "4")]


@pytest.mark.parametrize(
    ("exporter", "text", "message"),
    [
        (CanvasExport, CANVAS, "expected one column 'a1'"),
        (CanvasExport, CANVAS.replace("Homework 1", "a1").replace("10.00", "100"), "100 points for a1"),
        (CanvasExport, CANVAS.replace("Homework 1", "a1").replace("77001", "bo"), "more for bo"),
        (CanvasExport, "name,grade\n", "no gradebook of Canvas"),
        (MoodleExport, "name,grade\n", "no grading worksheet of Moodle"),
        (MoodleExport, MOODLE.replace("10.00", "100.00"), "100.00 points for a1, expected 10"),
    ],
)
def test_a_template_that_does_not_fit(book, tmp_path, exporter, text, message):
    template = tmp_path / "template.csv"
    template.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        written(exporter, book, tmp_path, template=str(template))


def test_unknown_names(book, tmp_path):
    made = CanvasExport(to=str(tmp_path / "out.csv"))
    made.student = ["eve"]
    with pytest.raises(ValueError, match="student: expected names from the gradebook, got 'eve'"):
        made.export(book)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\t=1", " =1", "＝1", "\r1", "|x", "-2"]
)
def test_no_cell_is_a_formula(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-", "O'Brien", "Mbeki-Ross", "34.5", "    Points Possible", "a=b"])
def test_ordinary_cells_stay(cell):
    assert harmless(cell) == cell


def test_the_grading_command_writes_both(class_copy, gradebook):
    with Gradebook(f"sqlite:///{class_copy / 'gradebook.db'}") as book:
        mark = book.find_grade("in-your-own-words", ASSIGNMENT, ASSIGNMENT, "eyilmaz")
        mark.manual_score, mark.needs_manual_grade = 3.5, False
        book.db.commit()
    assert main(["grade", ASSIGNMENT, "--class", str(class_copy)]) == 0
    found = gradebook(class_copy)
    want = {student: sum(parts.values()) for student, parts in found.items() if None not in parts.values()}
    assert want["eyilmaz"] == 34.5
    assert set(want) < set(found)
    canvas = pd.read_csv(class_copy / "canvas.csv", index_col="SIS User ID", skiprows=[1])[ASSIGNMENT]
    moodle = pd.read_csv(class_copy / "moodle.csv", index_col="ID number")[ASSIGNMENT]
    assert len(canvas) == len(moodle) == 16
    assert canvas.dropna().to_dict() == moodle.dropna().to_dict() == want


def test_marks_that_wait_for_another_look_are_named(book, tmp_path, caplog):
    book.find_grade("why", "n", "a1", "ada").needs_manual_grade = True  # graded again since
    book.db.commit()
    caplog.set_level("INFO")
    CanvasExport(to=str(tmp_path / "out.csv"), log=logging.getLogger("export")).export(book)
    assert "a1: marked by hand, then graded again, have a look: ada\n" in caplog.text
    assert "left empty: 1 not fully graded, 1 without submission" in caplog.text
