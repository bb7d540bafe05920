"""Course folders to measure grading in: an instructor's notebook, its release, submissions made from it."""

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_solution

from course_pkg.grading.assignments import bank
from course_pkg.grading.environment import use_this_environment

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
# where the instructor's notebooks are, with limits.toml beside them
SOURCES = {"a1_convolution_1d": REPOSITORY / "solutions", "conv_layers": HERE / "torch_notebook"}

CONFIG = """
from pathlib import Path

c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.ClearSolutions.code_stub = {"python": "# your code here\\nraise NotImplementedError"}
"""
STOCK = CONFIG + "c.Execute.timeout = 30\n"
OURS = CONFIG + "from course_pkg.grading import settings\n\nsettings.configure(c)\n"

# what one submission of conv_layers in two does wrong: a line of the solution, and what stands in its place
MISTAKES = [
    ("y = b.view(1, -1, 1, 1)", "y = 0 * b.view(1, -1, 1, 1)"),
    ("return torch.where(x > 0, x, slope * x)", "return torch.where(x > 0, x, 0 * x)"),
    ("return squares.amax(dim=(3, 5))", "return squares.mean(dim=(3, 5))"),
    (
        "return (scores.exp().sum(dim=1).log() - right).mean()",
        "return (scores.exp().sum(dim=1).log() - right).sum()",
    ),
    ("return y", "return y.detach()"),
    ("[p - rate * v for", "[p + rate * v for"),
    ("y[:, :, top : top + H, left : left + W] = x", "y[:, :, : H, : W] = x"),
]


def make(folder: Path, assignment: str, config: str) -> None:
    """Set up a course folder with a released assignment and no submissions.

    Parameters
    ----------
    folder : Path
        A folder that does not exist yet.
    assignment : str
        One of `SOURCES`.
    config : str
        `STOCK` or `OURS`.
    """
    use_this_environment()  # nbgrader calls alembic from the PATH
    source = SOURCES[assignment]
    shutil.copytree(source / assignment, folder / "source" / assignment)
    shutil.copy(source / "limits.toml", folder / "source")
    (folder / "submitted").mkdir()
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", assignment]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def hand_in(folder: Path, assignment: str, count: int, different: int) -> None:
    """Put submissions into a course folder, right ones and wrong ones by turns.

    Parameters
    ----------
    folder : Path
        The course folder.
    assignment : str
        One of `SOURCES`.
    count : int
        How many.
    different : int
        After so many, the same work comes again from other students, so that classes of unequal size have the
        same mix of fast and slow submissions.
    """
    released = nbformat.read(folder / "release" / assignment / f"{assignment}.ipynb", as_version=4)
    for number in range(count):
        if assignment == "conv_layers":
            notebook = _with_solutions(released, assignment, number % different)
        else:
            notebook = _from_bank(released, assignment, number % different)
        place = folder / "submitted" / f"student{number:03}" / assignment
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{assignment}.ipynb")


def _from_bank(released: NotebookNode, assignment: str, number: int) -> NotebookNode:
    correct, wrong = bank.load(assignment, "correct"), bank.load(assignment, "wrong")
    notebook = bank.fill(released, correct[number % len(correct)].source)
    return bank.fill(notebook, wrong[number % len(wrong)].source) if number % 2 else notebook


def _with_solutions(released: NotebookNode, assignment: str, number: int) -> NotebookNode:
    source = nbformat.read(SOURCES[assignment] / assignment / f"{assignment}.ipynb", as_version=4)
    solutions = {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells if is_solution(cell)}
    right, wrong = MISTAKES[number // 2 % len(MISTAKES)] if number % 2 else ("", "")
    notebook = copy.deepcopy(released)
    for cell in notebook.cells:
        if is_solution(cell):
            lines = solutions[cell.metadata.nbgrader.grade_id].splitlines()
            text = "\n".join(line for line in lines if not line.lstrip().startswith("### "))
            cell.source = text.replace(f"    {right}", f"    {wrong}") if right else text
    return notebook
