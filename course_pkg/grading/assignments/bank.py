"""The bank of an assignment: known right and wrong solutions, which its tests have to tell apart.

`tests/assignments/ASSIGNMENT/bank/correct/*.py` are whole solutions; `wrong/*.py` replace the functions of
one part. Each file opens with a docstring: what it does in words, and for a wrong one the lines `part: NAME`
and `score: POINTS`, the part it spoils and what is left of that part's points.
"""

import ast
import copy
import io
import linecache
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_pkg.checks import PartFailedError, student
from course_pkg.checks.work import run
from course_pkg.grading.assignments.release import ROOT


@dataclass(frozen=True)
class Solution:
    """One solution of the bank.

    Attributes
    ----------
    name : str
        The file's name without its ending.
    words : str
        What it does, or which mistake it makes.
    part : str or None
        The part that it spoils; None for a correct one.
    score : float or None
        What that part should score.
    source : str
        Its functions.
    """

    name: str
    words: str
    part: str | None
    score: float | None
    source: str


def load(assignment: str, kind: str) -> list[Solution]:
    """All solutions of one kind, by name.

    Parameters
    ----------
    assignment : str
        For example "a1_convolution_1d".
    kind : "correct" or "wrong"

    Raises
    ------
    FileNotFoundError
        If the assignment has no such bank.
    """
    folder = ROOT / "tests" / "assignments" / assignment / "bank" / kind
    files = sorted(folder.glob("*.py"))
    if not files:
        raise FileNotFoundError(f"no {kind} solutions in {folder}")
    return [_read(path) for path in files]


def source_notebook(assignment: str) -> NotebookNode:
    """The instructor's notebook of an assignment."""
    return nbformat.read(ROOT / "solutions" / assignment / f"{assignment}.ipynb", as_version=4)


def fill(notebook: NotebookNode, source: str) -> NotebookNode:
    """A copy of the notebook in which the functions of `source` stand in its solution cells.

    Parameters
    ----------
    notebook : NotebookNode
        An instructor's or a student's notebook.
    source : str
        Python source. A function goes to the solution cell that defines one of the same name; imports,
        constants and other functions go with the functions of each cell that is filled.

    Returns
    -------
    NotebookNode
        Cells that define none of the functions are as they were.

    Raises
    ------
    ValueError
        If no solution cell defines any of the functions.
    """
    filled, found = copy.deepcopy(notebook), False
    known = {name for cell in filled.cells if _is(cell, "solution") for name in _names_in(cell)}
    for cell in filled.cells:
        if _is(cell, "solution") and cell.cell_type == "code":
            replaced = set(_names_in(cell)) & set(_functions(source))
            if replaced:
                found = True
                kept = _without(cell.source, replaced)
                cell.source = "\n\n\n".join(filter(None, [_without(source, known - replaced), kept]))
                cell.outputs = []
    if not found:
        raise ValueError(f"none of the functions {sorted(_functions(source))} has a cell in this notebook")
    return filled


def verdicts(notebook: NotebookNode, part: str | None = None) -> list[dict[str, Any]]:
    """Run the solution and test cells of a notebook in this process and collect the parts' verdicts.

    The student's functions and the tests have names of their own and meet only through the handle. This is
    for solutions that are known: it is fast, and it protects from nothing.

    Parameters
    ----------
    notebook : NotebookNode
        With its hidden tests, or a student's copy.
    part : str or None
        Run the tests of this part only.

    Returns
    -------
    list of dict
        One `course_pkg.checks.Part.verdict` for each test cell, in order.
    """
    names: dict[str, Any] = {"__name__": "student"}
    found = []
    with _reached_through(names), redirect_stdout(io.StringIO()):
        for cell in notebook.cells:
            if "nbgrader" not in cell.metadata or cell.cell_type != "code":
                continue
            if _is(cell, "grade"):
                if part not in (None, cell.metadata.nbgrader.grade_id):
                    continue
                test_names: dict[str, Any] = {"__name__": "tests"}
                with suppress(PartFailedError):  # the verdict says so too
                    _execute(cell, test_names)
                found.append(test_names["part"].verdict())
            else:
                _execute(cell, names)
    return found


def kill_table(assignment: str) -> list[dict[str, Any]]:
    """For each wrong solution, what became of it.

    Returns
    -------
    list of dict
        name, mistake (words), part, points (of the part), expected and score, tests (the names of those that
        failed), message (the first that the student would read).
    """
    notebook = source_notebook(assignment)
    rows = []
    for wrong in load(assignment, "wrong"):
        [verdict] = verdicts(fill(notebook, wrong.source), wrong.part)
        failed = [test for test in verdict["tests"] if not test["passed"]]
        rows.append(
            {
                "name": wrong.name,
                "mistake": wrong.words,
                "part": wrong.part,
                "points": verdict["points"],
                "expected": wrong.score,
                "score": verdict["score"],
                "tests": [test["name"] for test in failed],
                "message": failed[0]["message"] if failed else "",
            }
        )
    return rows


def _read(path: Path) -> Solution:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    lines = (ast.get_docstring(tree) or "").splitlines()
    facts = dict(line.split(": ", 1) for line in lines if line.startswith(("part: ", "score: ")))
    words = " ".join(line for line in lines if line and not line.startswith(("part: ", "score: ")))
    score = float(facts["score"]) if "score" in facts else None
    body = "\n".join(source.splitlines()[tree.body[0].end_lineno :]).strip("\n")
    return Solution(path.stem, words, facts.get("part"), score, body)


def _functions(source: str) -> dict[str, tuple[int, int]]:
    """The top-level functions and the lines on which they begin and end, from 1."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {node.name: (node.lineno, node.end_lineno or node.lineno) for node in functions}


def _without(source: str, names: set[str]) -> str:
    """The source with some of its functions left out."""
    lines: list[str | None] = list(source.splitlines())
    for name, (first, last) in _functions(source).items():
        if name in names:
            lines[first - 1 : last] = [None] * (last - first + 1)
    return "\n".join(line for line in lines if line is not None).strip("\n")


def _names_in(cell: NotebookNode) -> tuple[str, ...]:
    return tuple(_functions(cell.source)) if cell.cell_type == "code" else ()


def _is(cell: NotebookNode, role: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(role))


def _execute(cell: NotebookNode, names: dict[str, Any]) -> None:
    file = f"<{cell.metadata.nbgrader.grade_id}>"
    linecache.cache[file] = (len(cell.source), None, cell.source.splitlines(keepends=True), file)
    exec(compile(cell.source, file, "exec"), names)


@contextmanager
def _reached_through(names: dict[str, Any]) -> Iterator[None]:
    before = student.transport
    student.transport = partial(run, namespace=names)
    try:
        yield
    finally:
        student.transport = before
