"""What it takes to grade one submission, and what comes of it; both can travel to another machine."""

from dataclasses import dataclass, field

from course_pkg.grading.limits import Limits


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
    limits: Limits = Limits()
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
