"""What nbgrader reads submissions through: set ``c.Autograde.exporter_class`` to `SubmissionExporter`.

`nbgrader autograde` reads each notebook twice, first from submitted/ ("sanitizing"), then from autograded/.
The first time it gets a repaired notebook here, whatever lies in the student's folder.
"""

import fnmatch
import glob
import os
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory

from course_pkg.grading.intake import in_the_way, kind_of, read_inside, set_aside, stand_ins
from course_pkg.grading.repair import remarks_of, repair
from course_pkg.grading.skeleton import skeleton_of
from course_pkg.grading.standing import take_back
from course_pkg.grading.submitted import Unreadable


class SubmissionExporter(NotebookExporter):
    """nbconvert's notebook exporter, with eyes for what students hand in.

    nbgrader makes one for each run, before it looks into any submission. That moment is used to keep out of
    its way what would stop it or lead it astray (`prepare`).
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._sources: dict[Path, NotebookNode] = {}
        self._stand_ins: dict[Path, Path] = {}
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
        """
        course = self._course
        here = self._submission(course.student_id, course.assignment_id)
        course.ignore = [*(p for p in course.ignore if not p.startswith(str(self._top))), here]
        refused: dict[str, str] = {}
        for folder in sorted(glob.glob(here)):
            try:
                found = self._converter.assignments.get(folder, [])
                self._converter.assignments[folder] = self._prepare(folder, found)
            except (Unreadable, OSError) as error:
                refused[folder] = f"{ascii(os.path.relpath(folder, self._top))[1:-1]}: {error}"
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
        if not facts or os.path.dirname(filename) != self._submission(facts["student"], facts["assignment"]):
            return super().from_filename(filename, resources=resources, **settings)
        take_back(facts["db_url"], facts["assignment"], facts["student"], facts["notebook"])
        notebook = self._repaired(Path(filename), facts["assignment"])
        for remark in remarks_of(notebook):
            self.log.warning("%s: %s", facts["student"], remark)
        return self.from_notebook_node(notebook, resources=resources, **settings)

    @property
    def _course(self) -> CourseDirectory:
        return self._converter.coursedir

    @property
    def _top(self) -> Path:
        return Path(self._course.root, self._course.submitted_directory)

    def _submission(self, student: str, assignment: str) -> str:
        return self._course.format_path(self._course.submitted_directory, student, assignment)

    def _prepare(self, folder: str, found: list[str]) -> list[str]:
        """The notebooks of one submission for nbgrader to convert."""
        pattern = self._course.format_path(
            self._course.submitted_directory, "(?P<student>.*)", "(?P<assignment>.*)", escape=True
        )
        match = re.fullmatch(pattern, folder)
        if match is None or not match["student"].isprintable():
            raise Unreadable("the folder's name has characters that no student's id can have")
        student, assignment = match["student"], match["assignment"]
        if student in self._course.student_id_exclude.split(","):
            return found
        try:
            self._expect_folders(Path(folder))
            paths, why = in_the_way(Path(folder), {os.path.basename(path) for path in found})
            if paths:
                place = self._top.with_name("set_aside") / Path(folder).relative_to(self._top)
                set_aside(paths, place)
                self.log.warning("%s: %s; %d moved to %s", student, why, len(paths), place)
            return self._with_stand_ins(Path(folder), assignment, found)
        except (Unreadable, OSError):
            take_back(self._course.db_url, assignment, student)
            graded = self._course.format_path(self._course.autograded_directory, student, assignment)
            if os.path.exists(graded):
                shutil.rmtree(graded)
            raise

    def _expect_folders(self, folder: Path) -> None:
        """Raise Unreadable if the way from submitted/ to a submission leads over anything but folders."""
        for step in [folder, *folder.parents]:
            if step == self._top:
                return
            if kind_of(step) != "a folder":
                raise Unreadable(f"{step.name} is {kind_of(step)}, expected a folder")

    def _with_stand_ins(self, folder: Path, assignment: str, found: list[str]) -> list[str]:
        """The notebooks found, and for each missing one the file that is it under another name."""
        wanted = [
            source.stem
            for source in self._source_files(assignment)
            if fnmatch.fnmatchcase(source.stem, self._course.notebook_id)
        ]
        there = {os.path.basename(path) for path in found}
        missing = {name: f"{name}.ipynb" for name in wanted if f"{name}.ipynb" not in there}
        candidates = stand_ins(
            folder, {name: skeleton_of(self._source(assignment, name), self.config) for name in missing}
        )
        for name, paths in candidates.items():
            if len(paths) == 1:
                path = folder / missing.pop(name)
                self._stand_ins[path] = paths[0]
                found = [*(f for f in found if f != str(paths[0])), str(path)]
        if wanted and len(missing) == len(wanted):
            names = sorted({path.name for paths in candidates.values() for path in paths} | there)
            raise Unreadable(
                f"{', '.join(missing.values())} is missing (found {', '.join(names[:5]) or 'no notebook'})"
            )
        return found

    def _repaired(self, path: Path, assignment: str) -> NotebookNode:
        actual = self._stand_ins.get(path, path)
        data = read_inside(
            self._top, actual.relative_to(self._top).parts, not_these=self._source_files(assignment)
        )
        notebook = repair(data, self._source(assignment, path.stem), self.config)
        if actual != path:
            ours = notebook.metadata.setdefault("course_pkg", {})
            ours["remarks"] = [f"was handed in as {actual.relative_to(path.parent)}", *remarks_of(notebook)]
        return notebook

    def _source_files(self, assignment: str) -> list[Path]:
        folder = self._course.format_path(self._course.source_directory, ".", assignment)
        return sorted(Path(folder).glob("*.ipynb"))

    def _source(self, assignment: str, name: str) -> NotebookNode:
        """The instructor's notebook, read once a run."""
        path = Path(self._course.format_path(self._course.source_directory, ".", assignment), f"{name}.ipynb")
        if path not in self._sources:
            self._sources[path] = nbformat.read(path, as_version=4)
        return self._sources[path]


def _too_odd_for_nbgrader(folder: Path) -> bool:
    """Whether nbgrader would stop, or wait for ever, at a submission before it reads any notebook."""
    return not str(folder).isprintable() or bool(in_the_way(folder, keep=set())[0])
