"""Where the seconds of one submission go: each step of grading a class timed, one after the other."""

import logging
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from course_pkg.grading.classroom.classfolder import open_class
from course_pkg.grading.classroom.gradebook import one_engine
from course_pkg.grading.classroom.writer import Writer
from course_pkg.grading.environment import use_this_environment
from course_pkg.grading.execution.execute import execute
from course_pkg.grading.execution.journal import Journal
from course_pkg.grading.execution.task import task_for
from course_pkg.grading.intake.receive import find, receive
from course_pkg.grading.sandbox.provisioner import close_rooms

STAGES = {
    "repair": "the submission read and rebuilt on the instructor's notebook",
    "kernel": "the student's kernel and the tester started in the sandbox",
    "student": "the student's own cells",
    "tests": "the test cells, the student's functions that they call included",
    "shutdown": "kernel and tester ended",
    "gradebook": "journal, nbgrader's conversion and gradebook",
    "feedback": "the feedback page",
}


def stages(folder: Path, assignment: str) -> dict[str, float]:
    """Median wall-clock seconds of a submission by stage, in a class that has been graded before.

    The first submission is left out: it starts the fork servers.
    """
    use_this_environment()
    logging.getLogger("traitlets").setLevel(logging.ERROR)  # nbgrader tells of every file
    room = open_class(folder)
    course, journal = room.coursedir(assignment), Journal(room.journal)
    spent: dict[str, list[float]] = defaultdict(list)
    with one_engine(room.database) as gradebook:
        writer = Writer(room, assignment, gradebook)
        for student in room.submitters(assignment):
            journal.forget(assignment, student)
            start = time.perf_counter()
            [name] = find(course, assignment, student, room.config)
            notebook = receive(course, assignment, student, name, room.config)
            task = task_for(notebook, student, assignment, name, room.source)
            spent["repair"].append(time.perf_counter() - start)
            outcome = execute(task)
            for stage, seconds in outcome.seconds.items():
                spent[stage].append(seconds)
            start = time.perf_counter()
            journal.store(task, outcome)
            _succeed(writer.scores(student).problem)
            spent["gradebook"].append(time.perf_counter() - start)
            start = time.perf_counter()
            _succeed(writer.page(student).problem)
            spent["feedback"].append(time.perf_counter() - start)
    close_rooms()
    return {stage: median(spent[stage][1:] or spent[stage]) for stage in STAGES}


def _succeed(problem: str | None) -> None:
    if problem is not None:
        raise RuntimeError(problem)
