"""Killed at random moments: the grader, its workers, students' kernels.

In the suite a few times; `KILLS=20 python -m pytest tests/grading/test_killed.py` kills each kind that often.
"""

import csv
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import small_class
from small_class import ASSIGNMENT, DOUBLE, TOTAL

from course_pkg.grading.classroom.classfolder import REPOSITORY
from course_pkg.grading.classroom.progress import FILE, read

KILLS = int(os.environ.get("KILLS", "2"))
STUDENTS = ["ada", "bo", "cy", "di"]
OLD = (
    "def double(x):\n    return x + x + 1",
    "def total(x):\n    return sum(x) + 0.5",
)  # nothing of it is right
SLOW = "import time\n\ntime.sleep(0.3)\n\n\n" + DOUBLE
SCORES = {"double": 3.0, "adding": 2.0}
NOTHING_RIGHT = {"double": 0.0, "adding": 0.0}


@pytest.fixture(scope="module")
def graded_before(tmp_path_factory) -> tuple[Path, float]:
    """A class whose old submissions are graded, and how long that took."""
    folder = small_class.create(tmp_path_factory.mktemp("old") / "class", dict.fromkeys(STUDENTS, OLD))
    start = time.monotonic()
    assert grader(folder).wait() == 0
    assert scores(folder) == dict.fromkeys(STUDENTS, NOTHING_RIGHT)
    return folder, time.monotonic() - start


@pytest.fixture
def handed_in_again(graded_before, tmp_path) -> tuple[Path, float]:
    """The same, after all have handed in better work."""
    folder = Path(shutil.copytree(graded_before[0], tmp_path / "class", symlinks=True))
    for student in STUDENTS:
        small_class.hand_in(folder, student, SLOW, TOTAL + f"\n\n\n# {student}")
    return folder, graded_before[1]


def grader(folder: Path, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "course_pkg", "grade", ASSIGNMENT, "--class", str(folder), *options]
    with (folder / "said.txt").open("a") as said:
        return subprocess.Popen(command, stdout=said, stderr=said, cwd=REPOSITORY, start_new_session=True)


def scores(folder: Path) -> dict[str, dict[str, float | None]]:
    query = """
        SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score
        FROM grade
        JOIN base_cell ON base_cell.id = grade.cell_id
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    """
    found: dict[str, dict[str, float | None]] = {}
    with sqlite3.connect(folder / "gradebook.db", timeout=60) as database:
        for student, part, score in database.execute(query):
            found.setdefault(student, {})[part] = score
    return found


def entries(folder: Path) -> dict[str, int]:
    """What the journal holds of the new submissions: a file is replaced if it is written again."""
    return {str(path): path.stat().st_ino for path in (folder / "journal").rglob("small.*")}


def test_the_grader(handed_in_again, subtests_of):
    folder, seconds = handed_in_again
    for moment in subtests_of("grader"):
        here = Path(shutil.copytree(folder, folder.with_name(f"class-{moment:.6f}"), symlinks=True))
        process = grader(here)
        time.sleep(moment * seconds)
        process.kill()
        process.wait()
        _nothing_stale(here)
        noted = read(here / FILE)[ASSIGNMENT]
        known = read(folder / FILE)[ASSIGNMENT]
        done = {s for s, e in noted.items() if e["graded"] and e["graded"] != known[s]["graded"]}
        journal = entries(here)
        pages = {s: _graded_copy(here, s).stat().st_mtime_ns for s in done}

        assert grader(here).wait() == 0, (here / "said.txt").read_text()
        assert scores(here) == dict.fromkeys(STUDENTS, SCORES)
        # what was run is not run again, what was graded is not graded again
        assert {path: inode for path, inode in entries(here).items() if path in journal} == journal
        assert {s: _graded_copy(here, s).stat().st_mtime_ns for s in done} == pages
        _everything_agrees(here)
        shutil.rmtree(here)


@pytest.mark.parametrize("whose", ["worker", "kernel"])
def test_below_the_grader(handed_in_again, subtests_of, whose):
    folder, _ = handed_in_again
    for moment in subtests_of(whose):
        here = Path(shutil.copytree(folder, folder.with_name(f"class-{moment:.6f}"), symlinks=True))
        process = grader(here)
        victim = _wait_for(process, workers if whose == "worker" else kernels)
        time.sleep(moment)
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            victim = None  # it had done its work
        assert process.wait() == 0, (here / "said.txt").read_text()
        found = scores(here)
        assert set(found) == set(STUDENTS)
        noted = read(here / FILE)[ASSIGNMENT]
        for student in STUDENTS:
            assert noted[student]["graded"]
            if found[student] != SCORES:  # what a kernel was at when it was killed is lost, and told
                assert whose == "kernel"
                assert noted[student]["remarks"]
        if whose == "worker":
            _everything_agrees(here)
        shutil.rmtree(here)


@pytest.fixture
def subtests_of() -> Callable[[str], list[float]]:
    """The moments at which to kill one kind of process: from 0 to 1, seeded."""
    return lambda kind: [random.Random(f"{kind} {i}").random() for i in range(KILLS)]


def workers(process: subprocess.Popen) -> list[psutil.Process]:
    """The processes that run submissions: multiprocessing's own fork server starts them."""
    found = []
    for one in psutil.Process(process.pid).children(recursive=True):
        parent = one.parent()
        if parent and all("multiprocessing.forkserver" in " ".join(p.cmdline()) for p in (one, parent)):
            found.append(one)
    return found


def kernels(process: subprocess.Popen) -> list[psutil.Process]:
    """The children of fork servers that run students' cells."""
    found = []
    for one in psutil.Process(process.pid).children(recursive=True):
        parent = one.parent()
        if parent and _serves(one) and _serves(parent) and "kernel" in parent.cmdline():
            found.append(one)
    return found


def _serves(process: psutil.Process) -> bool:
    command = process.cmdline()
    return bool(command) and "bwrap" not in command[0] and "course_pkg.grading.sandbox.forkserver" in command


def _wait_for(process: subprocess.Popen, find: Callable) -> psutil.Process:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            found = find(process)
        except psutil.NoSuchProcess:
            continue
        if found:
            return random.Random(0).choice(found)
        time.sleep(0.01)
    raise AssertionError(f"no {find.__name__} of the grader were seen")


def _graded_copy(folder: Path, student: str) -> Path:
    return folder / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


def _nothing_stale(folder: Path) -> None:
    """As soon as the grader has begun, no score of the old submissions is left."""
    nothing = dict.fromkeys(SCORES)
    found = scores(folder)
    if found == dict.fromkeys(STUDENTS, NOTHING_RIGHT):
        return  # it had not begun
    assert set(found) == set(STUDENTS)
    for student, parts in found.items():
        assert parts in (nothing, SCORES), student  # the right ones or none, and never half of them


def _everything_agrees(folder: Path) -> None:
    """Gradebook, table and pages say the same of every student."""
    with (folder / "grades.csv").open(encoding="utf-8") as stream:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(stream)} == dict.fromkeys(
            STUDENTS, 5.0
        )
    for student in STUDENTS:
        assert "x + x + 1" not in _graded_copy(folder, student).read_text()
        assert (folder / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").is_file()


def test_no_process_is_left_behind(handed_in_again):
    folder, _ = handed_in_again
    process = grader(folder)
    _wait_for(process, kernels)
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(below, timeout=30)
    assert alive == []
