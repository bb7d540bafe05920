"""From a student's folder to a notebook that can be graded: find the file, read it, repair it."""

import fnmatch
import os
import re
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course_pkg.grading.intake.folders import kind_of, printable, read_inside, stand_ins
from course_pkg.grading.intake.repair import remarks_of, repair
from course_pkg.grading.intake.skeleton import skeleton_of
from course_pkg.grading.intake.submitted import Unreadable


def receive(
    course: CourseDirectory, assignment: str, student: str, notebook: str, config: Config
) -> NotebookNode:
    """A submitted notebook, repaired.

    Parameters
    ----------
    course : nbgrader.coursedir.CourseDirectory
    assignment, student, notebook : str
        Which; the notebook by its right name, without the ending.
    config : traitlets.config.Config
        nbgrader's settings.

    Returns
    -------
    NotebookNode
        See `course_pkg.grading.intake.repair.repair`.

    Raises
    ------
    Unreadable
        If it cannot be graded; the text says why.
    """
    path = find(course, assignment, student, config).get(notebook)
    if path is None:
        raise Unreadable(f"{notebook}.ipynb is missing")
    top = submissions(course)
    data = read_inside(top, path.relative_to(top).parts, not_these=sources(course, assignment))
    mended = repair(data, source(course, assignment, notebook), config)
    if path.name != f"{notebook}.ipynb" or path.parent != submission(course, assignment, student):
        name = path.relative_to(submission(course, assignment, student))
        remarks = [f"was handed in as {printable(str(name))}", *remarks_of(mended)]
        mended.metadata["course_pkg"] = {"remarks": remarks}
    return mended


def find(course: CourseDirectory, assignment: str, student: str, config: Config) -> dict[str, Path]:
    """Where each of an assignment's notebooks is in a student's folder.

    A notebook that is not there under its name is looked for under others ("copy of a1.ipynb"); it counts if
    it is the only file that holds the assignment's cells.

    Returns
    -------
    dict
        The files by the notebooks' right names; at least one. Nothing says that they can be read.

    Raises
    ------
    Unreadable
        If there is none, or the way to the folder leads over links.
    """
    folder = submission(course, assignment, student)
    for step in [folder, *folder.parents]:
        if step == submissions(course):
            break
        if kind_of(step) != "a folder":
            raise Unreadable(f"{printable(step.name)} is {kind_of(step)}, expected a folder")
    names = wanted(course, assignment)
    there = {name: folder / f"{name}.ipynb" for name in names}
    found = {name: path for name, path in there.items() if os.path.lexists(path)}
    missing = {
        name: skeleton_of(source(course, assignment, name), config) for name in names if name not in found
    }
    candidates = stand_ins(folder, missing)
    found |= {name: paths[0] for name, paths in candidates.items() if len(paths) == 1}
    if not found:
        seen = sorted({path.name for paths in candidates.values() for path in paths})
        seen = [printable(name) for name in seen or sorted(path.name for path in folder.glob("*.ipynb"))]
        raise Unreadable(f"{names[0]}.ipynb is missing (found {', '.join(seen[:5]) or 'no notebook'})")
    return found


def submissions(course: CourseDirectory) -> Path:
    """The folder of all submissions."""
    return Path(course.root, course.submitted_directory)


def submission(course: CourseDirectory, assignment: str, student: str) -> Path:
    """The folder of one submission."""
    return Path(course.format_path(course.submitted_directory, student, assignment))


def whose(course: CourseDirectory, folder: str) -> tuple[str, str] | None:
    """Student and assignment of the folder of a submission; None if it is not the folder of one."""
    pattern = course.format_path(
        course.submitted_directory, "(?P<student>.*)", "(?P<assignment>.*)", escape=True
    )
    match = re.fullmatch(pattern, folder)
    return None if match is None else (match["student"], match["assignment"])


def sources(course: CourseDirectory, assignment: str) -> list[Path]:
    """The instructor's notebooks of an assignment.

    Raises
    ------
    ValueError
        If there are none: without them nothing can be graded.
    """
    folder = Path(course.format_path(course.source_directory, ".", assignment))
    found = sorted(folder.glob("*.ipynb"))
    if not found:
        raise ValueError(f"source_directory: expected the instructor's notebooks in {folder}, found none")
    return found


def wanted(course: CourseDirectory, assignment: str) -> list[str]:
    """Names of the notebooks to be graded: all of the assignment's that `course.notebook_id` matches.

    Raises
    ------
    ValueError
        If there are none.
    """
    names = [path.stem for path in sources(course, assignment)]
    matching = [name for name in names if fnmatch.fnmatchcase(name, course.notebook_id)]
    if not matching:
        raise ValueError(f"notebook_id: got {course.notebook_id!r}, expected one of {', '.join(names)}")
    return matching


def source(course: CourseDirectory, assignment: str, notebook: str) -> NotebookNode:
    """The instructor's copy of a notebook. Look, do not touch: it is read once."""
    path = Path(course.format_path(course.source_directory, ".", assignment), f"{notebook}.ipynb")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _read(path: Path, changed: int) -> NotebookNode:
    return nbformat.read(path, as_version=4)
