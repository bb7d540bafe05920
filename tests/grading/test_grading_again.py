"""Grading a class again: nothing new, something changed, something broken, something stopped half-way."""

import csv
import fcntl
import os
import shutil
from pathlib import Path

import nbformat
import pytest
import small_class
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import AssignLatePenalties
from small_class import ASSIGNMENT as SMALL
from small_class import DOUBLE, RIGHT

from course_pkg.__main__ import main
from course_pkg.grading.assignments.sample_class import ASSIGNMENT, STUDENTS
from course_pkg.grading.classroom import prepare
from course_pkg.grading.classroom.classfolder import open_class
from course_pkg.grading.execution import schedule

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
    submission(class_copy, "bkowalska").unlink()
    path = submission(class_copy, "dobrien")
    path.rename(path.with_name("copy of a1.ipynb"))
    notebook = nbformat.read(submission(class_copy, "cnguyen"), as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import os\nos._exit(1)"))
    nbformat.write(notebook, submission(class_copy, "cnguyen"))
    shutil.copy(submission(class_copy, "eyilmaz"), submission(class_copy, "okeita"))  # and this one is honest

    assert grade(class_copy) == 1
    said = capsys.readouterr().out
    assert "PROBLEM aadeyemi: the file is cut off after" in said
    assert f"PROBLEM bkowalska: {ASSIGNMENT}.ipynb is missing (found no notebook)" in said
    assert said.count("PROBLEM") == 2
    assert "NOTE cnguyen: cell 1 ended the kernel: it ended itself (exit code 1)" in said
    assert "NOTE dobrien: was handed in as copy of a1.ipynb" in said
    assert f"{5 - 2} of {len(GRADED)} submissions graded now" in said
    assert "2 not graded" in said

    after = gradebook(class_copy)
    for student in ("aadeyemi", "bkowalska"):
        assert set(after[student].values()) == {None}
        assert not feedback(class_copy, student).exists()
    assert after["okeita"] == scores["eyilmaz"]
    others = set(GRADED) - {"aadeyemi", "bkowalska", "okeita"}
    assert {s: after[s] for s in others} == {s: scores[s] for s in others}
    left_alone = others - {"cnguyen", "dobrien"}
    assert {s: when_graded(class_copy)[s] for s in left_alone} == {s: before[s] for s in left_alone}
    with (class_copy / "grades.csv").open(encoding="utf-8") as stream:
        table = {row["student_id"]: row["score"] for row in csv.DictReader(stream)}
    assert (table["aadeyemi"], table["bkowalska"], table["pquispe"]) == ("", "", "0.0")
    assert float(table["cnguyen"]) == 36

    report = BeautifulSoup((class_copy / "reports" / f"{ASSIGNMENT}.html").read_text(), "html.parser")
    assert [item.b.text for item in report.select("#problems li")] == ["Adunni Adeyemi", "Bożena Kowalska"]
    row = next(row for row in report.select("#students tbody tr") if row.td.text == "Adunni Adeyemi")
    assert [cell.text for cell in row.find_all("td")][1:3] == ["–", "not graded"]


def test_what_was_run_before_is_not_run_again(class_copy, gradebook, capsys, monkeypatch):
    before, scores = when_graded(class_copy), gradebook(class_copy)
    path = class_copy / "progress.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    # the run stopped before this one was noted as graded
    path.write_text("".join(line for line in lines if '"kpatel"' not in line), encoding="utf-8")
    ran = record_tasks(monkeypatch)
    assert grade(class_copy) == 0
    said = capsys.readouterr().out
    assert f"1 of {len(GRADED)} submissions graded now" in said
    assert "1 of them had been run before" in said
    assert ran == []
    assert gradebook(class_copy) == scores
    assert [s for s, time in when_graded(class_copy).items() if time != before[s]] == ["kpatel"]


def record_tasks(monkeypatch) -> list[tuple[str, frozenset[str] | None]]:
    """What is given out to be run from now on: student, and the test cells (None: all)."""
    ran = []
    run = schedule.run

    def recording(tasks, *more, **settings):
        def seen():
            for task in tasks:
                ran.append((task.student, task.only))
                yield task

        return run(seen(), *more, **settings)

    monkeypatch.setattr(schedule, "run", recording)
    return ran


@pytest.fixture(scope="module")
def small_graded(tmp_path_factory) -> Path:
    answers = {"ada": RIGHT, "bo": (DOUBLE, "def total(x):\n    return sum(x) or 1.0"), "cy": RIGHT}
    folder = small_class.create(tmp_path_factory.mktemp("small") / "class", answers)
    assert main(["grade", SMALL, "--class", str(folder)]) == 0
    return folder


@pytest.fixture
def small(small_graded, tmp_path) -> Path:
    return Path(shutil.copytree(small_graded, tmp_path / "class"))


def test_a_changed_test_is_all_that_runs_again(small, gradebook, capsys, monkeypatch):
    scores = gradebook(small)
    assert scores == {
        "ada": {"double": 3, "adding": 2},
        "bo": {"double": 3, "adding": 1.9},
        "cy": {"double": 3, "adding": 2},
    }
    autograded = small / "autograded" / "ada" / SMALL / f"{SMALL}.ipynb"
    verdicts = [cell.get("outputs") for cell in nbformat.read(autograded, as_version=4).cells]
    stricter = small_class.TOTAL_TESTS.replace("points=0.1", "points=0.5")
    small_class.write(
        small / "source" / SMALL, small_class.notebook(*RIGHT, (small_class.DOUBLE_TESTS, stricter))
    )
    ran = record_tasks(monkeypatch)
    assert main(["grade", SMALL, "--class", str(small)]) == 0
    assert sorted(ran) == [(student, frozenset({"adding"})) for student in ("ada", "bo", "cy")]
    scores["bo"]["adding"] = 1.5
    assert gradebook(small) == scores
    again = [cell.get("outputs") for cell in nbformat.read(autograded, as_version=4).cells]
    assert again[:4] == verdicts[:4]
    assert again[4] != verdicts[4]


def test_a_changed_submission_is_all_that_runs_again(small, gradebook, monkeypatch):
    small_class.hand_in(small, "bo", *RIGHT)
    ran = record_tasks(monkeypatch)
    assert main(["grade", SMALL, "--class", str(small)]) == 0
    assert ran == [("bo", None)]
    assert gradebook(small)["bo"] == {"double": 3, "adding": 2}


def test_a_submission_can_be_run_anew(small, gradebook, capsys, monkeypatch):
    scores = gradebook(small)
    ran = record_tasks(monkeypatch)
    assert main(["grade", SMALL, "--class", str(small), "--again", "bo", "cy"]) == 0
    assert sorted(ran) == [("bo", None), ("cy", None)]
    assert gradebook(small) == scores
    assert main(["grade", SMALL, "--class", str(small), "--again", "nobody"]) == 2
    assert "--again: got 'nobody', expected a student with a submission" in capsys.readouterr().err


def test_a_failed_regrade_leaves_no_score_standing(small, gradebook, capsys, monkeypatch):
    small_class.hand_in(small, "bo", *RIGHT)

    def failing(tasks, *more, **settings):
        yield from ((task, schedule.Failure("RoomFailedError: no room")) for task in tasks)

    monkeypatch.setattr(schedule, "run", failing)
    assert main(["grade", SMALL, "--class", str(small)]) == 1
    said = capsys.readouterr().out
    assert "PROBLEM bo: RoomFailedError: no room" in said
    assert gradebook(small)["bo"] == {"double": None, "adding": None}
    with Gradebook(f"sqlite:///{small / 'gradebook.db'}") as book:
        assert book.find_submission(SMALL, "bo").needs_manual_grade
        assert not book.find_submission(SMALL, "ada").needs_manual_grade
    monkeypatch.undo()
    assert main(["grade", SMALL, "--class", str(small)]) == 0
    assert gradebook(small)["bo"] == {"double": 3, "adding": 2}


def test_when_nbgrader_fails_half_way_no_score_is_saved(small, gradebook, capsys, monkeypatch):
    small_class.hand_in(small, "bo", *RIGHT)
    small_class.hand_in(small, "di", *RIGHT)

    def failing(*_):  # a step that comes after the scores were saved
        raise RuntimeError("no penalty today")

    monkeypatch.setattr(AssignLatePenalties, "preprocess", failing)
    assert main(["grade", SMALL, "--class", str(small)]) == 1
    said = capsys.readouterr().out
    assert "PROBLEM bo: RuntimeError: no penalty today" in said
    assert "PROBLEM di: RuntimeError: no penalty today" in said
    assert gradebook(small)["bo"] == {"double": None, "adding": None}
    assert set(gradebook(small).get("di", {}).values()) <= {None}
    monkeypatch.undo()
    assert main(["grade", SMALL, "--class", str(small)]) == 0
    assert gradebook(small)["bo"] == gradebook(small)["di"] == {"double": 3, "adding": 2}


def test_without_a_sandbox_nothing_is_graded(small, capsys, monkeypatch):
    small_class.hand_in(small, "bo", *RIGHT)

    def failing(tasks, *more, **settings):
        yield from ((task, schedule.Failure("NoSandboxError: install bubblewrap")) for task in tasks)

    monkeypatch.setattr(schedule, "run", failing)
    assert main(["grade", SMALL, "--class", str(small)]) == 2
    assert "install bubblewrap" in capsys.readouterr().err


def test_two_graders_do_not_meet(small, capsys):
    with (small / "grading.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["grade", SMALL, "--class", str(small)]) == 2
        said = capsys.readouterr().err
        assert f"process {os.getpid()} on " in said
        assert f"is grading {small}" in said
    assert main(["grade", SMALL, "--class", str(small)]) == 0


def test_pages_are_those_that_nbgrader_makes(small):
    path = small / "feedback" / "bo" / SMALL / f"{SMALL}.html"
    ours = path.read_text(encoding="utf-8")
    room = open_class(small)
    maker = GenerateFeedback(coursedir=room.coursedir(SMALL, "bo"), config=room.config)
    maker.force = True
    maker.start()
    theirs = path.read_text(encoding="utf-8")
    assert str(BeautifulSoup(ours, "html.parser")) == str(BeautifulSoup(theirs, "html.parser"))


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


def test_all_that_decides_about_a_submission_is_there_to_be_hashed():
    for name in prepare.INTAKE:
        assert (prepare.GRADING / name).exists(), name
