"""Grading a class again: nothing new, something changed, something broken, something stopped half-way."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from course_pkg.__main__ import main
from course_pkg.grading.sample_class import ASSIGNMENT, STUDENTS

GRADED = [student for student, *_, kind, _, _ in STUDENTS if kind != "not handed in"]


def submission(folder: Path, student: str) -> Path:
    return folder / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


def feedback(folder: Path, student: str) -> Path:
    return folder / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"


def when_graded(folder: Path) -> dict[str, int]:
    return {
        path.parents[1].name: path.stat().st_mtime_ns
        for path in (folder / "autograded").glob(f"*/{ASSIGNMENT}/*.ipynb")
    }


def grade(folder: Path) -> int:
    return main(["grade", ASSIGNMENT, "--class", str(folder)])


def test_a_second_run_grades_nothing(class_copy, gradebook, capsys):
    before, scores = when_graded(class_copy), gradebook(class_copy)
    pages = {student: feedback(class_copy, student).stat().st_mtime_ns for student in GRADED}
    assert grade(class_copy) == 0
    assert "Nothing new to grade." in capsys.readouterr().out
    assert when_graded(class_copy) == before
    assert gradebook(class_copy) == scores
    assert {student: feedback(class_copy, student).stat().st_mtime_ns for student in GRADED} == pages


def test_broken_submissions_stop_nobody_and_keep_no_score(class_copy, gradebook, capsys):
    before, scores = when_graded(class_copy), gradebook(class_copy)
    submission(class_copy, "aadeyemi").write_text('{"cells": [', encoding="utf-8")
    submission(class_copy, "bkowalska").rename(
        submission(class_copy, "bkowalska").with_name("copy of a1.ipynb")
    )
    notebook = nbformat.read(submission(class_copy, "cnguyen"), as_version=4)
    notebook.cells[2].source += "\nimport os\nos._exit(1)"
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import os\nos._exit(1)"))
    nbformat.write(notebook, submission(class_copy, "cnguyen"))
    shutil.copy(submission(class_copy, "eyilmaz"), submission(class_copy, "okeita"))  # and this one is honest

    assert grade(class_copy) == 1
    said = capsys.readouterr().out
    assert f"PROBLEM aadeyemi: {ASSIGNMENT}.ipynb is not a notebook" in said
    assert f"PROBLEM bkowalska: {ASSIGNMENT}.ipynb is missing (found copy of a1.ipynb)" in said
    assert "PROBLEM cnguyen: DeadKernelError: Kernel died" in said
    assert said.count("PROBLEM") == 3

    after = gradebook(class_copy)
    for student in ("aadeyemi", "bkowalska", "cnguyen"):
        assert set(after[student].values()) == {None}
        assert not feedback(class_copy, student).exists()
    assert after["okeita"] == scores["eyilmaz"]
    others = set(GRADED) - {"aadeyemi", "bkowalska", "cnguyen", "okeita"}
    assert {s: after[s] for s in others} == {s: scores[s] for s in others}
    assert {s: when_graded(class_copy)[s] for s in others} == {s: before[s] for s in others}

    report = BeautifulSoup((class_copy / "reports" / f"{ASSIGNMENT}.html").read_text(), "html.parser")
    assert [item.b.text for item in report.select("#problems li")] == [
        "Adunni Adeyemi",
        "Bożena Kowalska",
        "Châu Nguyễn",
    ]
    row = next(row for row in report.select("#students tbody tr") if row.td.text == "Adunni Adeyemi")
    assert [cell.text for cell in row.find_all("td")][1:3] == ["–", "not graded"]


def test_a_run_that_was_stopped_goes_on_where_it_stopped(class_copy, gradebook, capsys):
    before, scores = when_graded(class_copy), gradebook(class_copy)
    path = class_copy / "progress.json"
    progress = json.loads(path.read_text(encoding="utf-8"))
    del progress[ASSIGNMENT]["kpatel"]  # the run stopped before this one was noted as graded
    path.write_text(json.dumps(progress), encoding="utf-8")
    assert grade(class_copy) == 0
    assert f"1 of {len(GRADED)} submissions graded now" in capsys.readouterr().out
    assert gradebook(class_copy) == scores
    assert [s for s, time in when_graded(class_copy).items() if time != before[s]] == ["kpatel"]


def test_a_withdrawn_submission_leaves_no_score(class_copy, gradebook):
    shutil.rmtree(submission(class_copy, "dobrien").parent)
    assert grade(class_copy) == 0
    assert set(gradebook(class_copy)["dobrien"].values()) == {None}
    assert not feedback(class_copy, "dobrien").exists()


def test_marks_and_comments_by_hand_reach_page_and_report(class_copy, capsys):
    with Gradebook(f"sqlite:///{class_copy / 'gradebook.db'}") as book:
        cell = ("in-your-own-words", ASSIGNMENT, ASSIGNMENT, "eyilmaz")
        mark = book.find_grade(*cell)
        mark.manual_score, mark.needs_manual_grade = 3.5, False
        book.find_comment(*cell).manual_comment = "Say *why* the updates agree. <script>alert(1)</script>"
        book.db.commit()
    assert grade(class_copy) == 0
    assert "Nothing new to grade." in capsys.readouterr().out
    page = BeautifulSoup(feedback(class_copy, "eyilmaz").read_text(encoding="utf-8"), "html.parser")
    assert page.find(id="in-your-own-words").header.span.text.startswith("3.5 / 4")
    assert "Say why the updates agree." in page.select_one("aside.comment").get_text()
    assert not page.find("script")
    report = BeautifulSoup((class_copy / "reports" / f"{ASSIGNMENT}.html").read_text(), "html.parser")
    row = next(row for row in report.select("#students tbody tr") if row.td.text == "Elif Yılmaz")
    assert [cell.text for cell in row.find_all("td")][1:3] == ["34.5", "graded"]


@pytest.mark.parametrize(
    ("make", "assignment", "message"),
    [
        ([], ASSIGNMENT, "expected a folder"),
        ([""], ASSIGNMENT, "has no submitted/ folder"),
        (["submitted"], ASSIGNMENT, "expected nbgrader_config.py"),
    ],
)
def test_a_folder_that_is_no_class(tmp_path, capsys, make, assignment, message):
    folder = tmp_path / "here" / "class"
    for name in make:
        (folder / name).mkdir(parents=True)
    assert main(["grade", assignment, "--class", str(folder)]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert str(folder) in said


def test_an_unknown_assignment_and_one_without_submissions(class_copy, capsys):
    assert main(["grade", "a1_convolution", "--class", str(class_copy)]) == 2
    assert "got 'a1_convolution', expected one of a1_convolution_1d" in capsys.readouterr().err
    shutil.rmtree(class_copy / "submitted")
    (class_copy / "submitted").mkdir()
    assert grade(class_copy) == 2
    assert "found no submission" in capsys.readouterr().err
