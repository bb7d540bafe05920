"""Run what nbgrader will come to before it does, so that its own command uses all processors, too.

nbgrader takes one submission after the other. While it writes one down, a pool runs the next ones, and
their outcomes wait in the journal.
"""

import atexit
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from course_pkg.grading.execution import schedule
from course_pkg.grading.execution.journal import Journal
from course_pkg.grading.execution.schedule import Failure
from course_pkg.grading.execution.task import Task, task_for
from course_pkg.grading.intake.receive import receive, whose
from course_pkg.grading.intake.submitted import Unreadable

Name = tuple[str, str]  # of a student and a notebook


class Ahead:
    """The notebooks that nbgrader will come to, under way in a pool.

    Parameters
    ----------
    names : iterable of (str, str)
        Student and notebook, in the order in which nbgrader will come to them.
    tasks : iterable of Task
        Of these, in this order; some may be missing.
    journal : Journal
        Where outcomes go. What is there already is not run.
    workers : int
        Processes.
    work : callable
        What runs a task, as `schedule.execute` does.
    """

    def __init__(
        self,
        names: Iterable[Name],
        tasks: Iterable[Task],
        journal: Journal,
        workers: int,
        work: schedule.Work = schedule.execute,
    ) -> None:
        self.names, self.journal = set(names), journal
        self.ended: set[Name] = set()
        self.failed: dict[Name, Failure] = {}
        self.running = schedule.run(self._to_run(tasks), workers, work=work)
        atexit.register(
            self.close
        )  # before multiprocessing waits, for ever, for processes that wait for tasks

    def await_outcome(self, student: str, notebook: str) -> None:
        """Wait until the outcome of a notebook is in the journal, if it can be.

        Raises
        ------
        RuntimeError
            If the notebook could not be run.
        """
        name = student, notebook
        while name in self.names - self.ended:
            try:
                task, result = next(self.running)
            except StopIteration:
                break
            except BaseException:
                self.close()
                raise
            self._take(task, result)
        if self.names <= self.ended:
            self.close()
        if name in self.failed:
            raise RuntimeError(self.failed[name].reason)

    def close(self) -> None:
        """End the pool, whatever it is at."""
        atexit.unregister(self.close)
        self.names.clear()
        self.running.close()

    def _to_run(self, tasks: Iterable[Task]) -> Iterator[Task]:
        for task in tasks:
            left = self.journal.remaining(task)
            if left is None:
                self.ended.add((task.student, task.notebook))
            else:
                yield left

    def _take(self, task: Task, result: schedule.Result) -> None:
        name = task.student, task.notebook
        self.ended.add(name)
        if isinstance(result, Failure):
            self.failed[name] = result
            return
        try:
            self.journal.store(task, result)
        except ValueError as error:
            self.failed[name] = Failure(str(error))


def start(converter: Any, journal: Journal, workers: int, sandboxed: bool) -> Ahead | None:
    """Begin to run all that a converter of nbgrader's is going to grade.

    Parameters
    ----------
    converter : nbgrader.converters.Autograde
        At its first notebook.
    journal : Journal
        Where outcomes go.
    workers : int
        Processes; 0 for one a core.
    sandboxed : bool
        Whether in a sandbox.

    Returns
    -------
    Ahead or None
        None if it is not worth a pool: a single notebook, or a single process.
    """
    workers = workers or len(os.sched_getaffinity(0))
    coming = list(_coming(converter))
    if workers < 2 or len(coming) < 2:
        return None
    names = [(student, notebook) for student, _, notebook in coming]
    work = partial(schedule.execute, sandboxed=sandboxed)
    return Ahead(names, _tasks(converter, coming), journal, workers, work)


def _coming(converter: Any) -> Iterator[tuple[str, str, str]]:
    """Student, assignment and notebook of all that the converter will come to, in its order."""
    course = converter.coursedir
    for folder, notebooks in sorted(converter.assignments.items()):
        found = whose(course, folder)
        if found is None:
            continue
        student, assignment = found
        if student in course.student_id_exclude.split(","):
            continue
        graded = Path(course.format_path(course.autograded_directory, student, assignment))
        for notebook in sorted(notebooks):
            there = (graded / Path(notebook).name).exists()
            if (
                not there
                or converter.force
                or notebook in converter.notebooks
                or _newer(course, folder, graded)
            ):
                yield student, assignment, Path(notebook).stem


def _newer(course: Any, submitted: str, graded: Path) -> bool:
    """Whether a submission was handed in after what was graded, by the time stamps that nbgrader keeps."""
    new, old = (course.get_existing_timestamp(str(folder)) for folder in (submitted, graded))
    return new is not None and old is not None and new > old


def _tasks(converter: Any, coming: Iterable[tuple[str, str, str]]) -> Iterator[Task]:
    course = converter.coursedir
    source = Path(course.format_path(course.source_directory, ".", ".")).resolve()
    for student, assignment, name in coming:
        try:
            notebook = receive(course, assignment, student, name, converter.config)
            yield task_for(notebook, student, assignment, name, source)
        except (Unreadable, OSError):
            continue  # nbgrader will meet the same, and say so where it belongs
