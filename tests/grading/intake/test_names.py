"""Notebooks and students by other names than nbgrader expects."""

import os

import nbformat
import pytest

GRADED = {"add": 5, "why": 0}


@pytest.mark.parametrize(
    "name",
    ["copy of a1.ipynb", "a1 (1).ipynb", "A1.IPYNB", "a1.ipynb.txt", "a1/a1.ipynb", "a1-final.ipynb"],
)
def test_a_notebook_under_another_name_is_found(course, name):
    course.hand_in("anna")
    course.hand_in("eve", name=name)
    content, said = course.autograde()
    assert content, said
    assert course.scores() == {"anna": GRADED, "eve": GRADED}
    graded = nbformat.read(course.root / "autograded" / "eve" / "a1" / "a1.ipynb", 4)
    assert "return a + b" in graded.cells[2].source
    assert graded.metadata.course_pkg.remarks == [f"was handed in as {name}"]
    assert (course.folder("eve") / name).exists()


def test_the_right_name_wins(course):
    course.hand_in("eve", course.answered().replace("a + b", "a - b"), "a1-old.ipynb")
    course.hand_in("eve")
    assert course.autograde()[0]
    graded = nbformat.read(course.root / "autograded" / "eve" / "a1" / "a1.ipynb", 4)
    assert "return a + b" in graded.cells[2].source
    assert "course_pkg" not in graded.metadata


def test_odd_ids_stay_in_their_folders(course):
    odd = [
        "--help",
        "Zoë Ünal",
        "张伟",
        "a b",
        "a..b",
        "$(reboot)",
        "[a-z]",
        "x{0}",
        "o'brien",
        "<b>",
        "%2e%2e",
    ]
    for student in odd:
        course.hand_in(student)
    content, said = course.autograde()
    assert content, said
    assert course.scores() == dict.fromkeys(odd, GRADED)
    assert sorted(os.listdir(course.root / "autograded")) == sorted(odd)
    assert sorted(os.listdir(course.root)) == sorted(
        ["autograded", "gradebook.db", "release", "secret.txt", "source", "submitted"]
    )


@pytest.mark.parametrize("student", ["a\nb", "\x1b[31m", "\udcff", "tab\there"], ids=ascii)
def test_ids_that_cannot_be_used_stop_nobody(course, student):
    course.hand_in("anna")
    course.hand_in(student)
    content, said = course.autograde()
    assert content, said
    assert "cannot be a student's id" in said
    assert course.scores() == {"anna": GRADED}
