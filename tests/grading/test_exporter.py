"""nbgrader's own converters over submissions that would stop them or lead them astray."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import CheckCellMetadata, Execute, SaveAutoGrades
from nbgrader.utils import capture_log
from traitlets.config import Config

from course_pkg.grading.classfolder import use_this_environment
from course_pkg.grading.exporter import SubmissionExporter
from course_pkg.grading.intake import MAX_ENTRIES
from course_pkg.grading.submitted import MAX_BYTES

SECRET = "the key to the safe"


def facts(name, **flags):
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": plain | {"grade_id": name} | flags}


SOURCE = new_notebook(
    cells=[
        new_markdown_cell("# Add", id="title"),
        new_code_cell("BIG = 1000", id="setup", metadata=facts("setup", locked=True)),
        new_code_cell(
            "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION",
            id="code",
            metadata=facts("add-code", solution=True),
        ),
        new_code_cell(
            "assert add(1, 2) == 3\n### BEGIN HIDDEN TESTS\nassert add(BIG, 1) == 1001\n### END HIDDEN TESTS",
            id="test",
            metadata=facts("add", grade=True, locked=True, points=5),
        ),
        new_markdown_cell("Sums.", id="why", metadata=facts("why", grade=True, solution=True, points=2)),
    ],
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
)


def config_for(root: Path) -> Config:
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root}/gradebook.db"
    config.Autograde.exporter_class = SubmissionExporter
    # without Execute no test fails, so what is graded gets its 5 points
    config.Autograde.autograde_preprocessors = [SaveAutoGrades, CheckCellMetadata]
    return config


class Course:
    """A course in a folder: one small assignment, and nbgrader's commands on it."""

    def __init__(self, root: Path):
        self.root = root
        self.url = f"sqlite:///{root}/gradebook.db"
        self.released = (root / "release" / "a1" / "a1.ipynb").read_text(encoding="utf-8")
        self.config = config_for(root)

    def coursedir(self, student):
        return CourseDirectory(config=self.config, assignment_id="a1", student_id=student)

    def folder(self, student):
        return self.root / "submitted" / student / "a1"

    def hand_in(self, student, content=None, name="a1.ipynb"):
        path = self.folder(student) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.answered() if content is None else content, encoding="utf-8")
        return path

    def answered(self):
        return self.released.replace("raise NotImplementedError()", "return a + b")

    def autograde(self, student="*", force=True):
        """(whether nbgrader was content, what it said)."""
        grader = Autograde(coursedir=self.coursedir(student), config=self.config)
        grader.force = force
        outcome = capture_log(grader)
        return outcome["success"], outcome.get("log", "") + outcome.get("error", "")

    def scores(self):
        """student -> part -> points by machine, for all that the gradebook knows."""
        with Gradebook(self.url) as book:
            return {
                s.student.id: {grade.name: grade.auto_score for n in s.notebooks for grade in n.grades}
                for s in book.assignment_submissions("a1")
            }

    def everything_written(self, *steps):
        """The bytes of all files that nbgrader wrote for students."""
        files = [path for step in steps for path in (self.root / step).rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course whose assignment is released: making a gradebook takes nbgrader two seconds."""
    use_this_environment()
    root = tmp_path_factory.mktemp("course") / "released"
    (root / "source" / "a1").mkdir(parents=True)
    nbformat.write(SOURCE, root / "source" / "a1" / "a1.ipynb")
    (root / "source" / "a1" / "table.csv").write_text("1,2,3")
    (root / "secret.txt").write_text(SECRET)
    config = config_for(root)
    course = CourseDirectory(config=config, assignment_id="a1")
    GenerateAssignment(coursedir=course, config=config).start()
    return root


@pytest.fixture
def course(released, tmp_path):
    return Course(Path(shutil.copytree(released, tmp_path / "course")))


GRADED = {"add": 5, "why": 0}
NOT_GRADED = {"add": None, "why": None}


def test_a_sound_submission_is_graded_as_by_stock_nbgrader(released, tmp_path):
    ours, stock = (Course(Path(shutil.copytree(released, tmp_path / name))) for name in ("ours", "stock"))
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


# what lies beside the notebook


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
    (folder / "numpy.py").write_text(SECRET)
    (folder / "course_pkg").mkdir()
    (folder / "course_pkg" / "__init__.py").write_text(SECRET)


def files_that_may_not_be_read(course, folder):
    (folder / "mine.txt").write_text(SECRET)
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
    assert SECRET.encode() not in written
    files = sorted(path.name for path in (course.root / "autograded" / "eve" / "a1").rglob("*"))
    assert files == ["a1.ipynb", "table.csv"]
    assert (course.root / "autograded" / "eve" / "a1" / "table.csv").read_text() == "1,2,3"


def test_stock_nbgrader_would_have_copied_the_secret(course):
    # what the test above looks for is there to be found
    del course.config.Autograde.exporter_class
    course.hand_in("eve")
    (course.folder("eve") / "data.txt").symlink_to("../../../secret.txt")
    course.autograde()
    assert SECRET.encode() in course.everything_written("autograded")


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


# names


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


# the rest of nbgrader


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
        'c.Autograde.exporter_class = "course_pkg.grading.exporter.SubmissionExporter"\n'
        "c.Autograde.autograde_preprocessors = [SaveAutoGrades, CheckCellMetadata]\n"
    )
    command = [sys.executable, "-m", "nbgrader", "autograde", "a1"]
    ran = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "the file is cut off after 11 characters" in ran.stderr
    assert "There was an error processing assignment 'a1' for student 'eve'" in ran.stderr
    assert course.scores() == {"anna": GRADED, "eve": NOT_GRADED, "zoe": GRADED}
