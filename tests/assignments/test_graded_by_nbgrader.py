"""Stock nbgrader, real gradebook: the reference scores full marks, and a mistake costs what the bank says."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from course_pkg.grading.assignments import bank
from course_pkg.grading.assignments.release import ROOT

ASSIGNMENT = "a1_convolution_1d"
MISTAKES = ["convolve_not_flipped", "pad_minus_zero", "peaks_latest_first"]


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    course = tmp_path_factory.mktemp("course")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    url = f"sqlite:///{course}/gradebook.db"
    directories = {"root": str(course), "db_url": url, "assignment_id": ASSIGNMENT}
    directories["source_directory"] = str(ROOT / "solutions")
    config.merge(Config({"CourseDirectory": directories}))
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader makes its gradebook with the `alembic` that it finds on the path
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()

    released = nbformat.read(course / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", 4)
    finished = bank.fill(
        released, next(s.source for s in bank.load(ASSIGNMENT, "correct") if s.name == "rolls")
    )
    submissions = {"right": finished, "wrong": finished, "empty": released}
    for mistake in bank.load(ASSIGNMENT, "wrong"):
        if mistake.name in MISTAKES:
            submissions["wrong"] = bank.fill(submissions["wrong"], mistake.source)
    for student, notebook in submissions.items():
        folder = course / "class" / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{ASSIGNMENT}.ipynb")
    Autograde(coursedir=CourseDirectory(config=config), config=config).start()
    with Gradebook(url) as opened:
        yield opened


def scores(gradebook, student):
    notebook = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student)
    return {grade.name: grade.auto_score for grade in notebook.grades}


def test_a_right_solution(gradebook):
    points = {v["part"]: v["points"] for v in bank.verdicts(bank.source_notebook(ASSIGNMENT))}
    # the written question was left as the stub, which nbgrader grades by itself
    assert scores(gradebook, "right") == points | {"in-your-own-words": 0}
    assert sum(points.values()) == 36


def test_three_mistakes(gradebook):
    wrong = scores(gradebook, "wrong")
    right = scores(gradebook, "right")
    lost = {part: right[part] - wrong[part] for part in right if right[part] != wrong[part]}
    assert lost == {"convolve": 4, "pad": 1, "peaks": 1}


def test_an_empty_submission(gradebook):
    assert set(scores(gradebook, "empty").values()) == {0}
