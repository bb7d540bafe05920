"""Grade a whole class with one command: scores, feedback pages, report, CSV.

What changed is graded, what did not is left alone, and a run that was killed goes on where it stopped. Each
submission is repaired, run in a pool of processes or on a Dask cluster, noted in the journal, and taken into
the gradebook by nbgrader's own `Autograde`, which finds the outcome in the journal.
"""

import fcntl
import logging
import os
import shutil
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning
from tqdm import tqdm

from course_pkg.grading.classroom import prepare, summary
from course_pkg.grading.classroom.classfolder import LOG, ClassFolder, open_class
from course_pkg.grading.classroom.gradebook import feedback_inputs, one_engine, take_back_scores
from course_pkg.grading.classroom.progress import ProgressFile
from course_pkg.grading.classroom.results import submitted
from course_pkg.grading.classroom.writer import Writer
from course_pkg.grading.environment import use_this_environment
from course_pkg.grading.execution import schedule
from course_pkg.grading.execution.isolated import OPEN_DOORS
from course_pkg.grading.execution.journal import Journal
from course_pkg.grading.execution.schedule import Failure
from course_pkg.grading.execution.task import Task, task_for
from course_pkg.grading.fingerprints import digest, fingerprint
from course_pkg.grading.intake.folders import printable
from course_pkg.grading.intake.receive import find, receive
from course_pkg.grading.intake.repair import remarks_of
from course_pkg.grading.intake.submitted import Unreadable
from course_pkg.grading.reports import feedback, report

STOPPED = "the run was stopped before its turn"


def grade(
    folder: Path,
    assignment: str,
    workers: int | None = None,
    scheduler: str | None = None,
    sandboxed: bool = True,
    again: Collection[str] = (),
) -> int:
    """Grade every submission of an assignment that is new or changed, and say how it went.

    Parameters
    ----------
    folder : Path
        The class folder (see `course_pkg.grading.classroom.classfolder`).
    assignment : str
        The assignment's name, for example ``"a1_convolution_1d"``.
    workers : int or None
        Processes that run submissions; None for one a core.
    scheduler : str or None
        The address of a Dask scheduler whose workers run them instead.
    sandboxed : bool
        False lets the students' code do all that you can on this machine.
    again : collection of str
        Students whose submissions are run anew, whatever is known of them.

    Returns
    -------
    int
        0 if every submission is graded, 1 if some could not be, 2 if there is nothing to work on.
    """
    use_this_environment()
    # what nbgrader says goes to grading.log; some libraries would have it on the terminal, too
    logging.getLogger("traitlets").propagate = False
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
    if not sandboxed:
        print(OPEN_DOORS, file=sys.stderr)
    try:
        room = open_class(folder)
        room.config.IsolatedExecute.sandboxed = sandboxed
        with _alone(room), one_engine(room.database) as gradebook:
            run = _Run(room, assignment, gradebook, sandboxed)
            try:
                run.forget(again)
                run.grade(workers, scheduler)
                return run.finish()
            finally:
                run.progress.close()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2


@contextmanager
def _alone(room: ClassFolder) -> Iterator[None]:
    """Keep a second grader out of the class folder; the lock goes with the process, however it ends."""
    with (room.folder / "grading.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ValueError(
                f"--class: {lock.read().strip() or 'another process'} is grading {room.folder}"
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {os.uname().nodename}")
        lock.flush()
        yield


@dataclass
class _Submission:
    """One that is being graded: what was mended, and how many of its notebooks still run."""

    remarks: list[str]
    tasks: list[Task]
    running: int = 0
    problem: str | None = None
    log: str = ""


@dataclass
class _Counts:
    due: int = 0
    from_journal: int = 0


class _Run:
    """One run of the command on one assignment."""

    def __init__(self, room: ClassFolder, assignment: str, gradebook: Gradebook, sandboxed: bool) -> None:
        self.room, self.assignment, self.gradebook = room, assignment, gradebook
        self.start = time.perf_counter()
        self.work = partial(schedule.execute, sandboxed=sandboxed)
        self.students = prepare.submitters(room, assignment)
        self.progress = ProgressFile(room.folder, assignment)
        self.journal = Journal(room.journal)
        self.course = room.coursedir(assignment)
        self.open: dict[str, _Submission] = {}
        self.counts = _Counts()
        prepare.register(room, assignment, gradebook, self.students)
        self._forget_withdrawn()
        self.template = fingerprint(
            [Path(feedback.__file__), Path(feedback.__file__).with_name("safe.py"), feedback.TEMPLATES]
        )
        self.prints = prepare.fingerprints(room, assignment, self.students)
        self.writer = Writer(room, assignment, gradebook)

    # -- before -----------------------------------------------------------------------------------------

    def _forget_withdrawn(self) -> None:
        gone = set(self.progress.students) - set(self.students)
        take_back_scores(self.gradebook, self.assignment, gone)
        for student in gone:
            self._remove_pages(student)
            self.progress.forget(student)

    def forget(self, students: Collection[str]) -> None:
        """Have these run anew."""
        for student in students:
            if student not in self.students:
                raise ValueError(f"--again: got {student!r}, expected a student with a submission")
            self.journal.forget(self.assignment, student)
            self.progress.note(student, graded=None)

    # -- grading ----------------------------------------------------------------------------------------

    def grade(self, workers: int | None, scheduler: str | None) -> None:
        """Grade what is new or changed, and renew the feedback pages that show something else now."""
        there = submitted(self.gradebook, self.assignment)
        due = [s for s in self.students if s not in there or self._is_due(s)]
        self.counts.due = len(due)
        # from here until it is graded anew, nothing of an earlier grading stands
        take_back_scores(self.gradebook, self.assignment, due)
        for student in due:
            self._remove_pages(student)
            self.progress.note(student, graded=None, problem=STOPPED, feedback=None, remarks=[])
        quiet = not sys.stderr.isatty()
        with tqdm(total=len(due), unit="submission", desc=self.assignment, disable=quiet) as bar:
            tasks = self._tasks(due, bar)
            log = self.room.folder / LOG
            with closing(schedule.run(tasks, workers, scheduler, work=self.work, log=log)) as running:
                for task, result in running:
                    self._take(task, result)
                    if not self.open[task.student].running:
                        self._write(task.student)
                        bar.update()
        self._renew_pages()

    def _is_due(self, student: str) -> bool:
        graded = self.progress.students.get(student, {}).get("graded")
        return graded != self.prints[student] or not self.room.autograded(student, self.assignment).is_dir()

    def _tasks(self, due: list[str], bar: tqdm) -> Iterator[Task]:
        """What has to run; a submission that needs nothing run is taken into the gradebook here."""
        for student in due:
            submission = self.open[student] = self._receive(student)
            to_run = [] if submission.problem else self._to_run(submission)
            submission.running = len(to_run)
            yield from to_run
            if not to_run:
                self.counts.from_journal += not submission.problem
                self._write(student)
                bar.update()

    def _receive(self, student: str) -> _Submission:
        """Read and repair a submission."""
        submission = _Submission([], [])
        try:
            for name in find(self.course, self.assignment, student, self.room.config):
                notebook = receive(self.course, self.assignment, student, name, self.room.config)
                submission.remarks += remarks_of(notebook)
                submission.tasks.append(task_for(notebook, student, self.assignment, name, self.room.source))
        except (Unreadable, OSError) as error:
            submission.problem = str(error)
        return submission

    def _to_run(self, submission: _Submission) -> list[Task]:
        return [left for task in submission.tasks if (left := self.journal.remaining(task)) is not None]

    def _take(self, task: Task, result: schedule.Result) -> None:
        """Note the outcome of one notebook in the journal."""
        submission = self.open[task.student]
        submission.running -= 1
        if isinstance(result, Failure):
            if result.reason.startswith("NoSandboxError"):
                raise ValueError(result.reason)  # it will be no better for the others
            submission.problem, submission.log = result.reason, result.log
            return
        try:
            self.journal.store(task, result)
        except ValueError as error:
            submission.problem = str(error)

    def _write(self, student: str) -> None:
        """Take a submission into the gradebook, make its pages, note how it went."""
        submission = self.open.pop(student)
        problem, log = submission.problem, submission.log
        remarks, stages = list(submission.remarks), defaultdict[str, float](float)
        if problem is None:
            for task in submission.tasks:
                outcome = self.journal.find(task)
                if outcome is not None:
                    remarks += outcome.incidents
                    for stage, seconds in outcome.seconds.items():
                        stages[stage] += seconds
            written = self.writer.scores(student)
            problem, log = written.problem, written.log
        self.progress.note(
            student,
            graded=None if problem else self.prints[student],
            problem=problem,
            remarks=remarks,
            stages={stage: round(seconds, 3) for stage, seconds in stages.items()},
            seconds=round(sum(stages.values()), 2),
        )
        self._log(f"{student}: {problem or 'graded'}", log)
        if problem is None:
            shown = feedback_inputs(self.gradebook, self.assignment, student).get(student, "")
            self._page(student, shown)

    # -- after ------------------------------------------------------------------------------------------

    def _renew_pages(self) -> None:
        """Make the feedback pages that are missing or out of date, new marks and comments included."""
        for student, shown in sorted(feedback_inputs(self.gradebook, self.assignment).items()):
            entry = self.progress.students.get(student)
            if entry is None or entry["graded"] is None:
                continue
            up_to_date = entry.get("feedback") == self._shown(student, shown)
            if not up_to_date or not self.room.feedback(student, self.assignment).is_dir():
                self._page(student, shown)

    def _shown(self, student: str, inputs: str) -> str:
        return digest(self.template, self.prints[student], inputs)

    def _page(self, student: str, inputs: str) -> None:
        written = self.writer.page(student)
        self._log(f"{student}: generate_feedback", written.log)
        missing = "graded, but without a feedback page (see grading.log)"
        self.progress.note(
            student,
            feedback=None if written.problem else self._shown(student, inputs),
            problem=missing if written.problem else None,
        )

    def finish(self) -> int:
        """Write CSV and report, print the summary, and give the exit status."""
        students = self.progress.students
        summary.write_grades(self.room, self.gradebook)
        report.write(self.room, self.assignment, students)
        seconds = time.perf_counter() - self.start
        summary.show(self.room, self.assignment, students, self.counts.due, self.counts.from_journal, seconds)
        unusable = self.room.unusable(self.assignment)
        for name in unusable:
            print(f"PROBLEM {printable(name)}: is no student's id; rename the folder in submitted/")
        return 1 if unusable or any(entry["problem"] for entry in students.values()) else 0

    def _remove_pages(self, student: str) -> None:
        for made in (
            self.room.autograded(student, self.assignment),
            self.room.feedback(student, self.assignment),
        ):
            if made.exists():
                shutil.rmtree(made)

    def _log(self, headline: str, text: str) -> None:
        self.room.log(f"{self.assignment} {headline}", text)
