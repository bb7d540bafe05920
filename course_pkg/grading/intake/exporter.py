"""What nbgrader reads submissions through: set ``c.Autograde.exporter_class`` to `SubmissionExporter`.

`nbgrader autograde` reads each notebook twice, first from submitted/ ("sanitizing"), then from autograded/.
The first time it gets a repaired notebook here, whatever lies in the student's folder.
"""

import glob
import os
import shutil
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from course_pkg.grading.classroom.gradebook import take_back_scores
from course_pkg.grading.intake.folders import in_the_way, is_student_id, printable, set_aside
from course_pkg.grading.intake.receive import find, receive, submission, submissions, wanted, whose
from course_pkg.grading.intake.repair import remarks_of
from course_pkg.grading.intake.submitted import Unreadable


class SubmissionExporter(NotebookExporter):
    """nbconvert's notebook exporter, with eyes for what students hand in.

    nbgrader makes one for each run, before it looks into any submission. That moment is used to keep out of
    its way what would stop it or lead it astray (`prepare`).
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._converter: Any = self.parent
        if self._converter is not None and self._converter.assignments:
            self.prepare()

    def prepare(self) -> None:
        """Look through the submissions that nbgrader is about to grade, before it does.

        Files beside the notebooks are not copied anywhere: a link among them could lead to the solutions, and
        no step of the grading needs them. Where they would stop nbgrader, they are moved to set_aside/,
        beside submitted/. A notebook under a wrong name is found. A submission that cannot be graded at all
        loses the scores and the graded copy of an earlier one.

        Raises
        ------
        Unreadable
            If no submission is left.
        ValueError
            If the instructor's notebooks are not there; nothing has been touched then.
        """
        course = self._course
        wanted(course, course.assignment_id)
        top = submissions(course)
        here = str(submission(course, course.assignment_id, course.student_id))
        course.ignore = [*(pattern for pattern in course.ignore if not pattern.startswith(str(top))), here]
        refused: dict[str, str] = {}
        for folder in sorted(glob.glob(here)):
            try:
                self._converter.assignments[folder] = self._prepare(folder)
            except (Unreadable, OSError) as error:
                refused[folder] = f"{printable(os.path.relpath(folder, top))}: {error}"
                self.log.error("Not graded: %s", refused[folder])
        if not set(self._converter.assignments) - set(refused):
            raise Unreadable("; ".join(refused.values()))
        for folder in refused:
            # without notebooks nbgrader counts it among the failures; what it cannot even look at is left out
            self._converter.assignments[folder] = []
            if _too_odd_for_nbgrader(Path(folder)):
                del self._converter.assignments[folder]

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **settings: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read a notebook; one in submitted/ is repaired first, and its old scores are taken back.

        Raises
        ------
        Unreadable
            If a submitted file cannot be graded; its scores are gone from the gradebook then.
        """
        facts = resources["nbgrader"] if resources else {}
        if not facts or Path(filename).parent != submission(
            self._course, facts["assignment"], facts["student"]
        ):
            return super().from_filename(filename, resources=resources, **settings)
        with Gradebook(facts["db_url"]) as gradebook:
            take_back_scores(gradebook, facts["assignment"], [facts["student"]], facts["notebook"])
        notebook = receive(
            self._course, facts["assignment"], facts["student"], facts["notebook"], self.config
        )
        for remark in remarks_of(notebook):
            self.log.warning("%s: %s", facts["student"], remark)
        return self.from_notebook_node(notebook, resources=resources, **settings)

    @property
    def _course(self) -> CourseDirectory:
        return self._converter.coursedir

    def _prepare(self, folder: str) -> list[str]:
        """The notebooks of one submission for nbgrader to convert."""
        course = self._course
        found = whose(course, folder)
        if found is None or not is_student_id(found[0]):
            raise Unreadable("the folder's name cannot be a student's id")
        student, assignment = found
        if student in course.student_id_exclude.split(","):
            return self._converter.assignments.get(folder, [])
        try:
            notebooks = find(course, assignment, student, self.config)
            paths, why = in_the_way(Path(folder), keep={path.name for path in notebooks.values()})
            if paths:
                place = submissions(course).with_name("set_aside") / Path(folder).relative_to(
                    submissions(course)
                )
                set_aside(paths, place)
                self.log.warning("%s: %s; %d moved to %s", student, why, len(paths), place)
        except (Unreadable, OSError):
            with Gradebook(course.db_url) as gradebook:
                take_back_scores(gradebook, assignment, [student])
            graded = course.format_path(course.autograded_directory, student, assignment)
            if os.path.exists(graded):
                shutil.rmtree(graded)
            raise
        return [os.path.join(folder, f"{name}.ipynb") for name in notebooks]


def _too_odd_for_nbgrader(folder: Path) -> bool:
    """Whether nbgrader would stop, or wait for ever, at a submission before it reads any notebook."""
    return not str(folder).isprintable() or bool(in_the_way(folder, keep=set())[0])
