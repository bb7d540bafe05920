"""The page of the instructor guide that shows which mistakes an assignment's tests were tried on."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from course_pkg.grading.assignments.bank import kill_table, load

INTRODUCTION = """\
# What the tests of {number} were tried on

The assignment is `{assignment}`. A test is worth something when right solutions pass it and wrong ones do
not. This page is written by `make kill-table` from the assignment's bank, and a test of the course fails
when it is out of date.

**{correct} correct solutions**, written in different ways, each get full marks: {names}.

**{wrong} wrong solutions** each make one mistake. Below, part by part: the mistake, what is left of its
points (in every other part they get full marks), and the first thing that the tests say to the student.
"""


def write(assignment: str, folder: Path) -> Path:
    """Write the page of one assignment.

    Parameters
    ----------
    assignment : str
        For example "a1_convolution_1d".
    folder : Path
        Where the page goes; its name is that of the assignment and `_tests.md`.

    Returns
    -------
    Path
        The page.
    """
    path = folder / f"{assignment}_tests.md"
    path.write_text(page(assignment), encoding="utf-8")
    return path


def page(assignment: str) -> str:
    """The page as MyST Markdown; runs every wrong solution of the bank.

    Raises
    ------
    FileNotFoundError
        If the assignment has no bank.
    """
    correct = [solution.name.replace("_", " ") for solution in load(assignment, "correct")]
    rows = kill_table(assignment)
    head = INTRODUCTION.format(
        number=assignment.partition("_")[0],
        assignment=assignment,
        correct=len(correct),
        names=", ".join(correct),
        wrong=len(rows),
    )
    parts = [_part(part, group) for part, group in groupby(rows, key=lambda row: row["part"])]
    return "\n".join([head, *parts])


def _part(name: str, rows: Iterable[dict[str, Any]]) -> str:
    table = ["| The mistake | Left | What the student reads first |", "|---|---|---|"]
    for row in rows:
        cells = [row["mistake"], f"{row['score']:g} of {row['points']:g}", row["message"]]
        table.append("| " + " | ".join(cell.replace("|", r"\|").replace("`", "") for cell in cells) + " |")
    return "\n".join([f"## {name}", "", *table, ""])
