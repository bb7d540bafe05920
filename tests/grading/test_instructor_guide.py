"""What the instructor guide tells people to type, and to look at, is there."""

import re
import struct
import subprocess
import sys

import pytest

from course_pkg.grading.classroom.classfolder import REPOSITORY
from course_pkg.grading.execution.limits import load
from course_pkg.grading.reports.exports import CanvasExport, MoodleExport
from course_pkg.grading.reports.similarity import SHARE

GUIDE = (REPOSITORY / "book" / "guides" / "instructor.md").read_text(encoding="utf-8")
COMMANDS = "\n".join(re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL))


def test_every_make_target_is_one():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z-]+)", COMMANDS, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z-]+)", GUIDE)
    )
    assert {"grade", "student-bundle", "assignments"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:.*##", makefile, re.MULTILINE), target


def test_every_command_of_the_course_is_one(capsys):
    from course_pkg.__main__ import main

    used = re.findall(r"-m course_pkg ([a-z-]+)(.*)", COMMANDS)
    assert {name for name, _ in used} >= {"grade", "formgrader", "similarity"}
    for name, rest in used:
        with pytest.raises(SystemExit) as stopped:
            main([name, "--help"])
        assert stopped.value.code == 0
        said = capsys.readouterr().out
        assert all(option in said for option in re.findall(r"--[a-z-]+", rest))


def test_every_setting_of_the_exports_is_one():
    for exporter, setting in re.findall(r"--(CanvasExport|MoodleExport)\.(\w+)", GUIDE):
        assert {"CanvasExport": CanvasExport, "MoodleExport": MoodleExport}[exporter].class_traits(
            config=True
        )[setting]


def test_every_command_of_nbgraders_is_one():
    names = set(re.findall(r"bin/nbgrader (\w+)", COMMANDS))
    assert {"zip_collect", "autograde", "generate_feedback", "export"} <= names
    known = subprocess.run(
        [sys.executable, "-m", "nbgrader", "--help-all"], capture_output=True, text=True, check=True
    ).stdout
    for name in names:
        assert re.search(rf"^{name}$", known, re.MULTILINE), name


def test_pictures_say_what_they_show_and_are_small():
    pictures = re.findall(r"```{figure} (\S+)\n:alt: (.+)", GUIDE)
    assert len(pictures) >= 5
    for name, words in pictures:
        path = REPOSITORY / "book" / "guides" / name
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 150_000
        assert struct.unpack(">I", content[16:20])[0] >= 1200  # as a desktop shows it
        assert len(words.split()) > 12
    stored = {f"images/{path.name}" for path in (REPOSITORY / "book" / "guides" / "images").iterdir()}
    assert stored == {name for name, _ in pictures}


def test_numbers_are_those_of_the_code():
    assert f"pairs from {100 * SHARE:.0f} % on are listed" in GUIDE
    limits = load(REPOSITORY / "solutions", "a1_convolution_1d")
    assert f"memory = {limits.memory:.0f} " in GUIDE
    assert f"cell = {limits.cell:.0f} " in GUIDE
