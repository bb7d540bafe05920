"""A class with an assignment of two small parts: quick to grade, and the tests may change anything in it."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ASSIGNMENT = "small"

DOUBLE = "def double(x):\n    return 2 * x"
TOTAL = "import numpy as np\n\n\ndef total(x):\n    return float(np.sum(x))"
RIGHT = (DOUBLE, TOTAL)

DOUBLE_TESTS = """
from course_pkg.checks import Part, expect_equal, student

part = Part("double", points=3)
double = student.function("double")


@part.test("two")
def _():
    expect_equal(double(2), 4)


### BEGIN HIDDEN TESTS
@part.hidden_test("halves", points=0.7)
def _():
    expect_equal(double(0.25), 0.5)


### END HIDDEN TESTS
part.score()
"""

TOTAL_TESTS = """
from course_pkg.checks import Part, expect_equal, student

part = Part("adding", points=2)
total = student.function("total")


@part.test("three numbers")
def _():
    expect_equal(total([1.0, 2.0, 4.0]), 7.0)


### BEGIN HIDDEN TESTS
@part.hidden_test("none", points=0.1)
def _():
    expect_equal(total([]), 0.0)


### END HIDDEN TESTS
part.score()
"""


def create(folder: Path, answers: dict[str, tuple[str, str]], config: str = "") -> Path:
    """A class folder in which each student has handed in the two answers; `config` goes to nbgrader's."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(
        "from pathlib import Path\n"
        "c = get_config()\n"
        "c.CourseDirectory.root = str(Path(__file__).resolve().parent)\n"
        'c.CourseDirectory.source_directory = "source"\n' + config
    )
    write(folder / "source" / ASSIGNMENT, notebook(*RIGHT))
    for student, cells in answers.items():
        hand_in(folder, student, *cells)
    return folder


def hand_in(folder: Path, student: str, double: str, total: str) -> None:
    write(folder / "submitted" / student / ASSIGNMENT, notebook(double, total))


def notebook(double: str, total: str, tests: tuple[str, str] = (DOUBLE_TESTS, TOTAL_TESTS)) -> NotebookNode:
    cells = [new_markdown_cell("# Two small parts", id="intro")]
    for name, answer, test, points in (("double", double, tests[0], 3), ("adding", total, tests[1], 2)):
        cells.append(
            new_code_cell(answer, id=f"{name}-answer", metadata=_facts(f"{name}-answer", solution=True))
        )
        cells.append(new_code_cell(test, id=name, metadata=_facts(name, points=points)))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write(folder: Path, made: NotebookNode) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, folder / f"{ASSIGNMENT}.ipynb")


def _facts(name: str, points: float | None = None, solution: bool = False) -> dict:
    facts = {"grade_id": name, "solution": solution, "grade": not solution, "locked": not solution}
    facts |= {"schema_version": 3, "task": False}
    return {"nbgrader": facts if points is None else facts | {"points": points}}
