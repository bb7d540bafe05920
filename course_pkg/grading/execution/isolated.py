"""nbgrader's step of running a notebook, done in the sandbox: takes the place of its `Execute`."""

import weakref
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Int, Unicode

from course_pkg.grading.execution import ahead
from course_pkg.grading.execution.execute import execute
from course_pkg.grading.execution.journal import Journal
from course_pkg.grading.execution.task import Task, task_for

OPEN_DOORS = "Grading WITHOUT a sandbox: the students' code can do all that you can on this machine."


class IsolatedExecute(NbGraderPreprocessor):
    """Run the student's cells in a sandbox and the tests beside it, or take the outcome from the journal.

    What the instructor should know of the run goes into the notebook's metadata, `course_pkg.incidents`, and
    its times into `course_pkg.seconds`.
    """

    sandboxed = Bool(True, help="Run student's code in a sandbox; False lets it do all that you can.").tag(
        config=True
    )
    workers = Int(0, min=0, help="How many submissions run at a time; 0: one a core.").tag(config=True)
    journal = Unicode("", help="The folder of the journal; empty: beside the submissions.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        named = resources["nbgrader"]
        task = task_for(nb, named["student"], named["assignment"], named["notebook"], self._folder("source"))
        journal = Journal(
            Path(self.journal) if self.journal else self._folder("submitted").parent / "journal"
        )
        outcome = journal.find(task)
        if outcome is None:
            if not self.sandboxed:
                self.log.warning(OPEN_DOORS)
            self._await(task, journal)
            outcome = journal.find(task)
        if outcome is None:
            outcome = execute(task, self.sandboxed)
            journal.store(task, outcome)
        for line in outcome.incidents:
            self.log.warning("%s: %s", named["student"], line)
        executed = nbformat.reads(outcome.content, as_version=4)
        executed.metadata.setdefault("course_pkg", {}).update(
            incidents=list(outcome.incidents), seconds=outcome.seconds
        )
        return executed, resources

    def _await(self, task: Task, journal: Journal) -> None:
        """Have this notebook, and those to come, run in a pool; wait for this one."""
        exporter = self.parent  # lives as long as nbgrader's run; of ourselves there is one a notebook
        if not hasattr(exporter, "ahead"):
            exporter.ahead = ahead.start(exporter.parent, journal, self.workers, self.sandboxed)
            if exporter.ahead is not None:
                weakref.finalize(exporter, exporter.ahead.close)
        if exporter.ahead is not None:
            exporter.ahead.await_outcome(task.student, task.notebook)

    def _folder(self, step: str) -> Path:
        """The folder of one of nbgrader's steps, as the converter that runs this step has it."""
        course = self.parent.parent.coursedir
        return Path(course.format_path(getattr(course, f"{step}_directory"), ".", ".")).resolve()
