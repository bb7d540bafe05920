"""Where a class is, and what counts as a change."""

import glob
import os
import shutil

import pytest
from nbgrader.coursedir import CourseDirectory

from course_pkg.grading.classroom.classfolder import (
    CONFIG,
    REPOSITORY,
    open_class,
    write_json,
)
from course_pkg.grading.environment import use_this_environment
from course_pkg.grading.fingerprints import digest, fingerprint


@pytest.fixture
def real_class(tmp_path):
    """A class in the course's own folder, as an instructor has it."""
    shutil.copy(REPOSITORY / CONFIG, tmp_path / CONFIG)
    (tmp_path / "solutions" / "a1").mkdir(parents=True)
    (tmp_path / "solutions" / "a1" / "a1.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "class" / "submitted" / "ada" / "a1").mkdir(parents=True)
    return tmp_path / "class"


def test_a_class_inside_the_course_uses_the_courses_settings(real_class):
    room = open_class(real_class)
    assert room.source == real_class.parent / "solutions"
    assert room.notebooks("a1") == ["a1"]
    assert room.submitters("a1") == ["ada"]
    assert room.roster() == {}
    assert room.config.ClearSolutions.text_stub == "*Your answer here.*"


def test_everything_that_is_made_lies_in_the_class_folder(real_class):
    course = open_class(real_class).coursedir("a1", "ada")
    assert isinstance(course, CourseDirectory)
    for step in (course.autograded_directory, course.feedback_directory, course.release_directory):
        assert course.format_path(step, "ada", "a1") == str(real_class / step / "ada" / "a1")
    assert course.db_url == f"sqlite:///{real_class / 'gradebook.db'}?timeout=60"


def test_a_roster_names_the_students(real_class):
    text = "id,first_name,last_name,email\nada,Ada,Łukasiewicz,ada@university.example\n"
    (real_class / "roster.csv").write_text(text, encoding="utf-8")
    assert open_class(real_class).roster() == {
        "ada": {"first_name": "Ada", "last_name": "Łukasiewicz", "email": "ada@university.example"}
    }


def test_fingerprint_sees_names_and_contents_and_no_caches(tmp_path):
    (tmp_path / "a").write_text("1")
    first = fingerprint([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert fingerprint([tmp_path]) == first
    (tmp_path / "a").write_text("2")
    second = fingerprint([tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")
    third = fingerprint([tmp_path])
    assert len({first, second, third}) == 3


def test_fingerprint_does_not_follow_links_out_of_the_folder(tmp_path):
    (tmp_path / "secret").write_text("1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "secret")
    before = fingerprint([tmp_path / "folder"])
    (tmp_path / "secret").write_text("2")
    assert fingerprint([tmp_path / "folder"]) == before


def test_digest_tells_things_apart():
    assert len({digest(), digest(""), digest("a", "b"), digest("ab"), digest(("a", "b"))}) == 5


def test_write_json_replaces_the_old_file_whole(tmp_path):
    path = tmp_path / "progress.json"
    write_json(path, {"ada": "1"})
    with pytest.raises(TypeError):
        write_json(path, {"ada": object()})
    assert path.read_text() == '{\n "ada": "1"\n}'


def test_nbgraders_helpers_are_found_without_an_activated_environment(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    use_this_environment()
    assert shutil.which("alembic") is not None
    before = os.environ["PATH"]
    use_this_environment()
    assert os.environ["PATH"] == before


def test_odd_names_of_folders(real_class):
    usable = ["[ad]*", "--help", "Zoë Ünal", "ada"]
    for name in [*usable, ".git", "two\nlines", "\udcff", " ada"]:
        (real_class / "submitted" / name / "a1").mkdir(parents=True, exist_ok=True)
    room = open_class(real_class)
    assert room.submitters("a1") == sorted(usable)
    assert room.unusable("a1") == sorted([".git", "two\nlines", "\udcff", " ada"])
    # each stands for itself, and is no pattern
    for name in usable:
        course = room.coursedir("a1", name)
        found = glob.glob(course.format_path("submitted", course.student_id, "a1"))
        assert found == [str(room.submission(name, "a1"))]
