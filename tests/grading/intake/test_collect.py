"""`nbgrader zip_collect` itself, over a folder of good, odd and hostile files."""

import os
import stat
import subprocess
import sys
import zipfile

import pytest
from nbgrader.apps import ZipCollectApp
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets.config import Config

from course_pkg.grading.intake.collect import SafeCollector, SafeExtractor

NOTEBOOK = '{"cells": []}'
PATTERN = r".*/extracted/(?P<student_id>[^/_]+)_(?P<timestamp>[^/_]*)_[^/]*/(.*/)?(?P<file_id>[^/]+)$"


@pytest.fixture
def course(tmp_path):
    """A course with one released assignment and a folder for archives."""
    (tmp_path / "release" / "a1").mkdir(parents=True)
    (tmp_path / "release" / "a1" / "a1.ipynb").write_text(NOTEBOOK)
    (tmp_path / "downloaded" / "a1" / "archive").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("the key")
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        'c.ZipCollectApp.extractor_plugin = "course_pkg.grading.intake.collect.SafeExtractor"\n'
        'c.ZipCollectApp.collector_plugin = "course_pkg.grading.intake.collect.SafeCollector"\n'
        f"c.FileNameCollectorPlugin.named_regexp = {PATTERN!r}\n"
    )
    return tmp_path


def hand_in(course, name, *files, mode=0):
    path = course / "downloaded" / "a1" / "archive" / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files:
            info = zipfile.ZipInfo(file)
            info.external_attr = mode << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def collect(course):
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "a1", "--force"]
    ran = subprocess.run(command, cwd=course, capture_output=True, text=True)
    submitted = course / "submitted"
    files = {str(p.relative_to(submitted)): p.read_text() for p in submitted.rglob("*") if p.is_file()}
    return ran, files


def test_one_archive_costs_nobody_else(course):
    time = "2030-01-02 03:04:05"
    hand_in(course, f"anna_{time}_a", ("a1.ipynb", NOTEBOOK))
    hand_in(course, f"zoe_{time}_a", ("work/a1.ipynb", NOTEBOOK), ("work/notes.txt", "hello"))
    # and now those that would stop it, or lead it astray
    hand_in(course, f"bomb_{time}_a", ("a1.ipynb", "0" * 300_000_000))
    hand_in(course, f"climber_{time}_a", ("../../../../secret.txt", "mine"), ("a1.ipynb", NOTEBOOK))
    hand_in(course, f"linker_{time}_a", ("a1.ipynb", "../../../../secret.txt"), mode=stat.S_IFLNK | 0o777)
    hand_in(course, f"broken_{time}_a", ("a1.ipynb", NOTEBOOK)).write_bytes(b"PK\x03\x04 and no more")
    hand_in(course, "twice__a", ("a1.ipynb", NOTEBOOK), ("old/a1.ipynb", "older"))
    hand_in(course, "late_tomorrow_a", ("a1.ipynb", NOTEBOOK))
    hand_in(
        course, f"mac_{time}_a", ("a1.ipynb", NOTEBOOK), ("__MACOSX/._a1.ipynb", "\0"), ("._a1.ipynb", "\0")
    )
    hand_in(course, f"saved_{time}_a", (".ipynb_checkpoints/a1.ipynb", "old"), ("a1.ipynb", NOTEBOOK))
    archive = course / "downloaded" / "a1" / "archive"
    os.mkfifo(archive / "pipe.zip")
    (archive / "link.ipynb").symlink_to(course / "secret.txt")
    ran, files = collect(course)
    assert ran.returncode == 0, ran.stderr
    timed = ["anna", "zoe", "climber", "mac", "saved"]
    assert files == (
        {f"{student}/a1/a1.ipynb": NOTEBOOK for student in [*timed, "twice", "late"]}
        | {f"{student}/a1/timestamp.txt": "2030-01-02 03:04:05" for student in timed}
    )
    assert (course / "secret.txt").read_text() == "the key"
    for line in [
        f"bomb_{time}_a.zip: has 0.29 MB and would become more than",
        f"climber_{time}_a.zip: '../../../../secret.txt' leads out of its folder, and is left out",
        f"linker_{time}_a.zip: 'a1.ipynb' is a link, and is left out",
        f"broken_{time}_a.zip: is damaged or no archive",
        "twice has handed in this file already",
        "no time that can be read: 'tomorrow'",
        "pipe.zip: is no plain file",
        "link.ipynb: is no plain file",
    ]:
        assert [said for said in ran.stderr.splitlines() if line in said], line
    assert "Traceback" not in ran.stderr


def test_stock_nbgrader_stops_at_one_archive(course):
    # what the plugins are for
    (course / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.FileNameCollectorPlugin.named_regexp = {PATTERN!r}\n"
    )
    hand_in(course, "anna__a", ("a1.ipynb", NOTEBOOK))
    hand_in(course, "broken__a").write_bytes(b"PK\x03\x04 and no more")
    ran, files = collect(course)
    assert ran.returncode != 0
    assert files == {}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/x/eve=a1.ipynb", ("eve", "a1.ipynb")),
        ("/x/eve=part/a1.ipynb", ("eve", "part/a1.ipynb")),
        ("/x/..=a1.ipynb", None),
        ("/x/../..=a1.ipynb", None),
        ("/x/.hidden=a1.ipynb", None),
        ("/x/eve/../../adam=a1.ipynb", None),
        ("/x/eve=../../adam/a1/a1.ipynb", None),
        ("/x/eve=/etc/a1.ipynb", None),
        ("/x/e\nve=a1.ipynb", None),
        ("/x/eve=a1.txt", None),
        ("/x/nobody.ipynb", None),
    ],
)
def test_ids_stay_in_their_folders(path, expected):
    config = Config(
        {"FileNameCollectorPlugin": {"named_regexp": r"(?s)/x/(?P<student_id>.+)=(?P<file_id>.+)"}}
    )
    found = SafeCollector(config=config).collect(path)
    assert (found and (found["student_id"], found["file_id"])) == expected


def test_the_plugins_are_nbgraders():
    app = ZipCollectApp(extractor_plugin=SafeExtractor, collector_plugin=SafeCollector)
    app.init_plugins()
    assert isinstance(app.extractor_plugin_inst, ExtractorPlugin)
    assert isinstance(app.collector_plugin_inst, FileNameCollectorPlugin)
    assert app.extractor_plugin_inst.max_size == 200_000_000
