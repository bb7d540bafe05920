"""The same scores, bit for bit, wherever submissions run and whatever gradebook they go to."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import small_class
import sqlalchemy
from dask_cluster import cluster
from postgres import postgres
from small_class import ASSIGNMENT, DOUBLE, RIGHT, TOTAL

from course_pkg.__main__ import main
from course_pkg.checks.part import VERDICT_TYPE
from course_pkg.grading.classroom.classfolder import open_class

SHUFFLED = """
import numpy as np


def total(x):
    shuffled = np.array(x, dtype=float)
    np.random.default_rng().shuffle(shuffled)
    return float(sum(shuffled))
"""
ANSWERS = {
    "ada": RIGHT,
    "bo": ("def double(x):\n    return int(2 * x)", TOTAL),
    "cy": (DOUBLE, "def total(x):\n    return sum(x) or 1.0"),
    "di": (DOUBLE, "import os\n\nos._exit(3)"),
    "ed": ("raise NotImplementedError", "def total(x):\n    while True:\n        pass"),
    "flo": ("def double(x):\n    return x * x", SHUFFLED),
}
SCORES = {
    "ada": (3.0, 2.0),
    "bo": (2.3, 2.0),
    "cy": (3.0, 1.9),
    "di": (3.0, 0.0),
    "ed": (0.0, 0.0),
    "flo": (2.3, 2.0),
}


@pytest.fixture(scope="module")
def serial(tmp_path_factory) -> Path:
    folder = create(tmp_path_factory.mktemp("serial"))
    assert main(["grade", ASSIGNMENT, "--class", str(folder), "--workers", "1"]) == 0
    return folder


def create(where: Path, config: str = "") -> Path:
    folder = small_class.create(where / "class", ANSWERS, config)
    (folder / "source" / "limits.toml").write_text("[default]\ncall = 1\n")
    return folder


def scores(folder: Path) -> dict[str, tuple[str, str]]:
    """Each student's two scores as the gradebook has them, every bit of them."""
    query = """
        SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score
        FROM grade
        JOIN base_cell ON base_cell.id = grade.cell_id
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    """
    engine = sqlalchemy.create_engine(open_class(folder).database)
    with engine.connect() as connection:
        rows = {
            (student, part): score.hex()
            for student, part, score in connection.execute(sqlalchemy.text(query))
        }
    engine.dispose()
    return {s: (rows[s, "double"], rows[s, "adding"]) for s in sorted({s for s, _ in rows})}


def verdicts(folder: Path) -> dict[str, list]:
    """What the tests said to each student."""
    said = {}
    for path in sorted((folder / "autograded").glob("*/*/*.ipynb")):
        outputs = [o for cell in nbformat.read(path, as_version=4).cells for o in cell.get("outputs", [])]
        said[path.parents[1].name] = [
            o.data[VERDICT_TYPE] for o in outputs if VERDICT_TYPE in o.get("data", {})
        ]
    return said


def tables(folder: Path) -> list[str]:
    return [path.read_text() for path in (folder / "grades.csv", folder / "reports" / f"{ASSIGNMENT}.csv")]


def assert_same(one: Path, other: Path) -> None:
    assert scores(one) == scores(other)
    assert verdicts(one) == verdicts(other)
    assert tables(one) == tables(other)


def test_serial_gives_what_the_work_deserves(serial):
    assert scores(serial) == {s: (a.hex(), b.hex()) for s, (a, b) in SCORES.items()}


def test_a_pool(serial, tmp_path):
    folder = create(tmp_path)
    assert main(["grade", ASSIGNMENT, "--class", str(folder), "--workers", "2"]) == 0
    assert_same(folder, serial)


@pytest.mark.parametrize("workers", [1, 2])
def test_nbgraders_own_command(serial, tmp_path, workers):
    settings = "from course_pkg.grading import settings\n\nsettings.configure(c)\n"
    folder = create(tmp_path, f"{settings}c.IsolatedExecute.workers = {workers}\n")
    for step in ("generate_assignment", "autograde"):
        command = [sys.executable, "-m", "nbgrader", step, ASSIGNMENT]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert scores(folder) == scores(serial)
    assert verdicts(folder) == verdicts(serial)


def test_a_cluster(serial, tmp_path):
    folder = create(tmp_path)
    with cluster(2) as (address, _):
        assert main(["grade", ASSIGNMENT, "--class", str(folder), "--scheduler", address]) == 0
    assert_same(folder, serial)


def test_a_gradebook_in_postgresql(serial, tmp_path):
    with postgres() as url:
        folder = create(tmp_path, f"c.CourseDirectory.db_url = {url!r}\n")
        assert main(["grade", ASSIGNMENT, "--class", str(folder)]) == 0
        assert not (folder / "gradebook.db").exists()
        assert_same(folder, serial)
        # and again: one submission changes, one is gone
        small_class.hand_in(folder, "bo", *RIGHT)
        (folder / "submitted" / "cy").rename(folder / "withdrawn")
        assert main(["grade", ASSIGNMENT, "--class", str(folder)]) == 0
        with sqlalchemy.create_engine(url).connect() as connection:
            query = "SELECT count(*) FROM grade WHERE auto_score IS NULL AND needs_manual_grade"
            assert connection.execute(sqlalchemy.text(query)).scalar() == 2
        assert "bo" in (folder / "grades.csv").read_text()


def test_fifty_repeats_of_one_submission(tmp_path):
    students = [f"student{i:02}" for i in range(50)]
    folder = small_class.create(tmp_path / "class", dict.fromkeys(students, (DOUBLE, SHUFFLED)))
    assert main(["grade", ASSIGNMENT, "--class", str(folder)]) == 0
    assert set(scores(folder).values()) == {((3.0).hex(), (2.0).hex())}
    assert len(scores(folder)) == 50
    first, *others = verdicts(folder).values()
    assert all(verdict == first for verdict in others)
    assert os.listdir(folder / "journal" / ASSIGNMENT).__len__() == 50
