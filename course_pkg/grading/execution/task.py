"""What it takes to grade one submission, and what comes of it; both can travel to another machine."""

from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_pkg.grading.execution.limits import Limits, load


@dataclass(frozen=True)
class Task:
    """One notebook to run and test.

    Attributes
    ----------
    student, assignment, notebook : str
        Whose it is, and which; the notebook's name without its ending.
    content : str
        The repaired notebook as JSON: the student's cells, and the instructor's test cells.
    limits : Limits
        What it may use.
    files : dict
        The assignment's own supporting files, by path relative to the notebook.
    only : frozenset of str or None
        The `grade_id`s of the test cells to run; None for all.
    """

    student: str
    assignment: str
    notebook: str
    content: str
    limits: Limits = field(default_factory=Limits)
    files: dict[str, bytes] = field(default_factory=dict)
    only: frozenset[str] | None = None


@dataclass(frozen=True)
class Outcome:
    """The notebook after its run.

    Attributes
    ----------
    content : str
        The notebook as JSON. Each test cell that ran ends in its verdict and score, or in an error.
    seconds : dict
        Wall-clock seconds by stage: kernel, student, tests, shutdown.
    incidents : tuple of str
        What the instructor should know, a line each.
    """

    content: str
    seconds: dict[str, float]
    incidents: tuple[str, ...] = ()


def task_for(notebook: NotebookNode, student: str, assignment: str, name: str, source: Path) -> Task:
    """The task of grading a repaired notebook.

    Parameters
    ----------
    notebook : NotebookNode
        As `course_pkg.grading.intake.repair` makes it.
    student, assignment, name : str
        Whose it is, and which; the notebook's name without its ending.
    source : Path
        The folder with the instructor's notebooks, one folder an assignment, and `limits.toml`.

    Raises
    ------
    ValueError
        If `limits.toml` is damaged.
    """
    folder = source / assignment
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix != ".ipynb"
        and not any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
    }
    return Task(student, assignment, name, nbformat.writes(notebook), load(source, assignment), files)
