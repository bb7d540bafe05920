"""The sample class, graded for real by nbgrader once a session and shared by every test that looks at it."""

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from course_pkg.grading.assignments import bank, sample_class
from course_pkg.grading.classroom.grade import grade

A1 = sample_class.ASSIGNMENT
HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)  # tests, and the processes that they start, import grading_fakes from here


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the graded sample class. Look, do not touch: change a copy (`class_copy`)."""
    base = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        base = base.parent  # workers that run side by side share one class
    folder, done = base / "sample", base / "sample-is-graded"
    with FileLock(base / "sample.lock"):
        if not done.exists():
            assert sample_class.create(folder) == 0
            assert grade(folder, A1) == 0
            done.touch()
    return folder


@pytest.fixture
def class_copy(graded: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the graded class, beside it: its configuration finds the repository by a relative path."""
    copy = graded.parent / f"copy-{request.node.name}"
    return Path(shutil.copytree(graded, copy))


@pytest.fixture
def gradebook() -> Callable[[Path], dict[str, dict[str, float | None]]]:
    """Reads a class's gradebook with our own SQL: student -> part -> points, None while there are none."""

    def read(folder: Path) -> dict[str, dict[str, float | None]]:
        query = """
            SELECT submitted_assignment.student_id, base_cell.name, grade.manual_score, grade.auto_score
            FROM grade
            JOIN base_cell ON base_cell.id = grade.cell_id
            JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
            JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
        """
        scores: dict[str, dict[str, float | None]] = {}
        with sqlite3.connect(folder / "gradebook.db") as database:
            for student, part, by_hand, by_machine in database.execute(query):
                scores.setdefault(student, {})[part] = by_machine if by_hand is None else by_hand
        return scores

    return read


@pytest.fixture
def expected(graded: Path) -> dict[str, dict[str, float | None]]:
    """What each sample student earns by the bank: student -> part -> points, None where a person marks."""
    wrong = {solution.name: solution for solution in bank.load(A1, "wrong")}
    cells = bank.source_notebook(A1).cells
    points = {
        cell.metadata.nbgrader.grade_id: None
        if cell.cell_type == "markdown"
        else cell.metadata.nbgrader.points
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    scores = {}
    for submission in json.loads((graded / sample_class.MADE_BY_US).read_text())["submissions"]:
        if submission["kind"] == "not handed in":
            continue
        earned = dict(points)
        earned |= {wrong[name].part: wrong[name].score for name in submission["wrong"]}
        earned |= dict.fromkeys(submission["unwritten"], 0)
        if not submission["answer"]:
            earned["in-your-own-words"] = 0  # nbgrader gives an answer that was left as it was no points
        scores[submission["id"]] = earned
    return scores
