"""nbgrader's own converters over submissions that would stop them or lead them astray."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.preprocessors import CheckCellMetadata, Execute, SaveAutoGrades

from course_pkg.grading.intake.submitted import MAX_BYTES

GRADED = {"add": 5, "why": 0}
NOT_GRADED = {"add": None, "why": None}


def test_a_sound_submission_is_graded_as_by_stock_nbgrader(new_course):
    ours, stock = new_course("ours"), new_course("stock")
    del stock.config.Autograde.exporter_class
    for course in (ours, stock):
        course.config.Autograde.autograde_preprocessors = [Execute, SaveAutoGrades, CheckCellMetadata]
        course.hand_in("right")
        course.hand_in("wrong", course.answered().replace("a + b", "a - b"))
        course.hand_in("stub", course.released)
        content, said = course.autograde()
        assert content, said
        # nbgrader's own look at what must not change; in stock it finds the hidden tests missing
        assert ("has changed" in said) == (course is stock)
    assert ours.scores() == stock.scores()
    assert ours.scores() == {
        "right": {"add": 5, "why": 0},
        "wrong": {"add": 0, "why": 0},
        "stub": {"add": 0, "why": 0},
    }
    with Gradebook(ours.url) as book:
        assert book.find_comment("why", "a1", "a1", "right").auto_comment == "No response."
    graded = nbformat.read(ours.root / "autograded" / "right" / "a1" / "a1.ipynb", 4)
    assert "course_pkg" not in graded.metadata
    assert (ours.root / "autograded" / "right" / "a1" / "table.csv").read_text() == "1,2,3"


def a_link(course, folder):
    (folder / "a1.ipynb").symlink_to(course.root / "source" / "a1" / "a1.ipynb")


def a_relative_link(course, folder):
    (folder / "a1.ipynb").symlink_to("../../../source/a1/a1.ipynb")


def a_hard_link(course, folder):
    (folder / "a1.ipynb").hardlink_to(course.root / "source" / "a1" / "a1.ipynb")


def a_dead_link(course, folder):
    (folder / "a1.ipynb").symlink_to("nowhere")


def a_loop(course, folder):
    (folder / "a1.ipynb").symlink_to("a1.ipynb")


def a_pipe(course, folder):
    os.mkfifo(folder / "a1.ipynb")


def a_folder(course, folder):
    (folder / "a1.ipynb").mkdir()


def a_huge_file(course, folder):
    with (folder / "a1.ipynb").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)


def a_cut_file(course, folder):
    (folder / "a1.ipynb").write_text(course.released[:500])


def an_empty_file(course, folder):
    (folder / "a1.ipynb").touch()


def no_file(course, folder):
    (folder / "readme.txt").write_text("I did it on paper.")
    (folder / "timestamp.txt").write_text("2030-01-02 03:04:05 UTC")


def other_work(course, folder):
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), folder / "other.ipynb")


def two_stand_ins(course, folder):
    (folder / "a1 (1).ipynb").write_text(course.answered())
    (folder / "a1 (2).ipynb").write_text(course.answered())


def a_linked_folder(course, folder):
    folder.rmdir()
    folder.symlink_to(course.root / "source" / "a1")


def a_linked_student(course, folder):
    shutil.rmtree(folder.parent)
    (course.root / "elsewhere" / "a1").mkdir(parents=True)
    (course.root / "elsewhere" / "a1" / "a1.ipynb").write_text(course.answered())
    folder.parent.symlink_to(course.root / "elsewhere")


def a_file_for_a_folder(course, folder):
    folder.rmdir()
    folder.write_text("zipped")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (a_link, "is a link, expected a file"),
        (a_relative_link, "is a link, expected a file"),
        (a_hard_link, "is a hard link to a file of the instructor's"),
        (a_dead_link, "is a link, expected a file"),
        (a_loop, "is a link, expected a file"),
        (a_pipe, "is a pipe, expected a file"),
        (a_folder, "is a folder, expected a file"),
        (a_huge_file, "has 25 MB, expected at most 25"),
        (a_cut_file, "is cut off"),
        (an_empty_file, "is empty"),
        (no_file, "a1.ipynb is missing (found no notebook)"),
        (other_work, "a1.ipynb is missing (found other.ipynb)"),
        (two_stand_ins, "a1.ipynb is missing (found a1 (1).ipynb, a1 (2).ipynb)"),
        (a_linked_folder, "a1 is a link, expected a folder"),
        (a_linked_student, "eve is a link, expected a folder"),
        (a_file_for_a_folder, "a1 is a file, expected a folder"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_graded_costs_nobody_else_and_leaves_no_score(course, make, reason):
    for student in ("anna", "eve", "zoe"):
        course.hand_in(student)
    content, said = course.autograde()
    assert content, said
    with Gradebook(course.url) as book:
        by_hand = book.find_grade("why", "a1", "a1", "eve")
        by_hand.manual_score, by_hand.needs_manual_grade = 2, False
        book.db.commit()
    assert course.scores() == dict.fromkeys(["anna", "eve", "zoe"], GRADED)

    shutil.rmtree(course.folder("eve"))
    course.folder("eve").mkdir()
    make(course, course.folder("eve"))
    content, said = course.autograde()
    assert not content
    assert reason in said
    after = course.scores()
    assert after.pop("eve") == NOT_GRADED
    assert after == dict.fromkeys(["anna", "zoe"], GRADED)
    assert not (course.root / "autograded" / "eve" / "a1").exists()
    with Gradebook(course.url) as book:
        by_hand = book.find_grade("why", "a1", "a1", "eve")
        assert (by_hand.manual_score, by_hand.needs_manual_grade) == (2, True)
    # alone, it is an error
    content, said = course.autograde("eve")
    assert not content


def test_excluded_students_are_left_alone(course):
    course.hand_in("anna")
    course.hand_in("eve")
    assert course.autograde()[0]
    a_cut_file(course, course.folder("eve"))
    course.config.CourseDirectory.student_id_exclude = "eve"
    assert course.autograde()[0]
    assert course.scores() == {"anna": GRADED, "eve": GRADED}


@pytest.mark.parametrize("mistake", ["no source", "no such notebook"])
def test_an_instructors_mistake_costs_no_score(course, mistake):
    course.hand_in("anna")
    assert course.autograde()[0]
    if mistake == "no source":
        (course.root / "source").rename(course.root / "sources")
    else:
        course.hand_in("anna", name="b1.ipynb")
        course.config.CourseDirectory.notebook_id = "b1"
    content, said = course.autograde()
    assert not content
    assert ("source_directory: expected" if mistake == "no source" else "notebook_id: got 'b1'") in said
    assert course.scores() == {"anna": GRADED}


def test_without_force_what_is_graded_stays(course):
    course.hand_in("anna")
    assert course.autograde()[0]
    graded = course.root / "autograded" / "anna" / "a1" / "a1.ipynb"
    before = graded.stat().st_mtime_ns
    assert course.autograde(force=False)[0]
    assert graded.stat().st_mtime_ns == before
    assert course.scores() == {"anna": GRADED}


def test_a_regrade_that_dies_half_way_leaves_no_score(course):
    course.hand_in("anna")
    assert course.autograde()[0]

    def die(notebook, resources):
        raise RuntimeError("the power failed")

    course.config.Autograde.autograde_preprocessors = [die, SaveAutoGrades]
    content, said = course.autograde()
    assert not content
    assert "the power failed" in said
    assert course.scores() == {"anna": NOT_GRADED}


def test_the_command_line(course):
    """`nbgrader autograde` itself, with a configuration file."""
    for student in ("anna", "zoe"):
        course.hand_in(student)
    course.hand_in("eve", '{"cells": [')
    (course.root / "nbgrader_config.py").write_text(
        "from nbgrader.preprocessors import CheckCellMetadata, SaveAutoGrades\n"
        "c = get_config()\n"
        'c.Autograde.exporter_class = "course_pkg.grading.intake.exporter.SubmissionExporter"\n'
        "c.Autograde.autograde_preprocessors = [SaveAutoGrades, CheckCellMetadata]\n"
    )
    command = [sys.executable, "-m", "nbgrader", "autograde", "a1"]
    ran = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "the file is cut off after 11 characters" in ran.stderr
    assert "There was an error processing assignment 'a1' for student 'eve'" in ran.stderr
    assert course.scores() == {"anna": GRADED, "eve": NOT_GRADED, "zoe": GRADED}
