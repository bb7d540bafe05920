"""Nothing beside the notebook is copied, followed, or waited for."""

import os

import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback

from course_pkg.grading.intake.folders import MAX_ENTRIES

GRADED = {"add": 5, "why": 0}


def links_to_secrets(course, folder):
    (folder / "data.txt").symlink_to("../../../secret.txt")
    (folder / "solutions").symlink_to(course.root / "source")
    (folder / "answers.ipynb").symlink_to("../../../source/a1/a1.ipynb")
    (folder / "sub").mkdir()
    (folder / "sub" / "inner.txt").symlink_to(course.root / "secret.txt")


def huge_files(course, folder):
    for name in ("video.mp4", "table.csv"):
        with (folder / name).open("wb") as stream:
            stream.truncate(20_000_000_000)  # sparse: takes no room, but a copy would


def pipes_and_sockets(course, folder):
    os.mkfifo(folder / "data.csv")
    os.mkfifo(folder / "timestamp.txt.new")


def shadow_modules(course, folder):
    (folder / "numpy.py").write_text("the key to the safe")
    (folder / "course_pkg").mkdir()
    (folder / "course_pkg" / "__init__.py").write_text("the key to the safe")


def files_that_may_not_be_read(course, folder):
    (folder / "mine.txt").write_text("the key to the safe")
    (folder / "mine.txt").chmod(0)


@pytest.mark.parametrize(
    "make", [links_to_secrets, huge_files, pipes_and_sockets, shadow_modules, files_that_may_not_be_read]
)
def test_nothing_beside_the_notebook_is_copied(course, make):
    course.hand_in("eve")
    make(course, course.folder("eve"))
    content, said = course.autograde()
    assert content, said
    assert course.scores() == {"eve": GRADED}
    pages = GenerateFeedback(coursedir=course.coursedir("*"), config=course.config)
    pages.start()
    written = course.everything_written("autograded", "feedback")
    assert b"assert add(1, 2) == 3" in written
    assert course.secret.encode() not in written
    files = sorted(path.name for path in (course.root / "autograded" / "eve" / "a1").rglob("*"))
    assert files == ["a1.ipynb", "table.csv"]
    assert (course.root / "autograded" / "eve" / "a1" / "table.csv").read_text() == "1,2,3"


def test_stock_nbgrader_would_have_copied_the_secret(course):
    # what the test above looks for is there to be found
    del course.config.Autograde.exporter_class
    course.hand_in("eve")
    (course.folder("eve") / "data.txt").symlink_to("../../../secret.txt")
    course.autograde()
    assert course.secret.encode() in course.everything_written("autograded")


@pytest.mark.parametrize("shape", ["flat", "folders", "deep"])
def test_too_many_files_are_set_aside(course, shape):
    course.hand_in("eve")
    folder = course.folder("eve")
    if shape == "deep":
        deep = folder.joinpath(*["d"] * 600)
        deep.mkdir(parents=True)
    for n in range(MAX_ENTRIES if shape != "deep" else 0):
        path = folder / f"junk{n}"
        path.mkdir() if shape == "folders" else path.touch()
    content, said = course.autograde()
    assert content, said
    assert "more than 500 files" in said
    assert course.scores() == {"eve": GRADED}
    assert os.listdir(folder) == ["a1.ipynb"]
    aside = course.root / "set_aside" / "eve" / "a1"
    assert len(os.listdir(aside)) == (1 if shape == "deep" else MAX_ENTRIES)


def test_what_was_set_aside_before_stays(course):
    for text in ("first", "second", "third"):
        course.hand_in("eve")
        course.hand_in("eve", text, "timestamp.txt")
        assert course.autograde()[0]
    aside = course.root / "set_aside" / "eve" / "a1"
    assert {path.name: path.read_text() for path in aside.iterdir()} == {
        "timestamp.txt": "first",
        "timestamp.txt-1": "second",
        "timestamp.txt-2": "third",
    }


# timestamps


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow, honestly",
        "9" * 30,
        "\0",
        "2024-13-45 99:99:99",
        "x" * 5000,
        "1e999",
        "2024-01-01 00:00:00 +99999999999",
    ],
    ids=lambda text: text[:12],
)
def test_a_forged_timestamp_is_set_aside(course, text):
    course.hand_in("anna")
    course.hand_in("eve")
    course.hand_in("eve", text, "timestamp.txt")
    for force in (True, False):
        content, said = course.autograde(force=force)
        assert content, said
        assert course.scores() == {"anna": GRADED, "eve": GRADED}
        assert "no time that can be read" in said or not force
    assert (course.root / "set_aside" / "eve" / "a1" / "timestamp.txt").read_text() == text


def test_a_timestamp_that_is_no_file(course):
    for student, make in {
        "pipe": os.mkfifo,
        "folder": os.mkdir,
        "endless": lambda path: os.symlink("/dev/zero", path),
        "bytes": lambda path: path.write_bytes(b"\xff\xfe\xfa"),
    }.items():
        course.hand_in(student)
        make(course.folder(student) / "timestamp.txt")
    content, said = course.autograde()
    assert content, said
    assert course.scores() == dict.fromkeys(["pipe", "folder", "endless", "bytes"], GRADED)


def test_a_real_timestamp_counts(course):
    course.hand_in("anna")
    course.hand_in("anna", "2030-01-02 03:04:05 UTC", "timestamp.txt")
    content, said = course.autograde()
    assert content, said
    with Gradebook(course.url) as book:
        assert book.find_submission("a1", "anna").timestamp.isoformat() == "2030-01-02T03:04:05"
