"""Outcomes on disk, so that nothing is run twice::

    journal/ASSIGNMENT/STUDENT/NOTEBOOK.KEY

An entry belongs to one student's cells in one environment, which its key says, and holds what these cells
put out and the result of each test cell, by the test cell's own source. So when one test cell changes, only
that one is missing, and when anything else changes, everything is.
"""

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from platform import python_version
from typing import Any

import course_pkg
from course_pkg.grading.execution.task import Outcome, Task
from course_pkg.grading.fingerprints import digest, fingerprint
from course_pkg.grading.sandbox.packages import KERNEL, distributions

# how many entries of a student's notebook, and how many results of a test cell in an entry: the newest
KEPT = 3
# what a run does not stand on, unless a notebook names it
_ELSEWHERE = {"__main__", "__pycache__", "grading", "plots", "visualize"}
_GRADING = (
    "execution/execute.py",
    "execution/limits.py",
    "execution/outputs.py",
    "sandbox",
    "execution/student_kernel.py",
    "execution/task.py",
    "execution/tester_process.py",
)
_NAMED = re.compile(r"course_pkg(?:\.| import )(\w+)")

Ran = dict[str, Any]  # what a code cell put out: outputs, execution_count


class Journal:
    """The outcomes of a class, one file for each version of a student's notebook.

    Parameters
    ----------
    folder : Path
        Where the files are; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, task: Task) -> Outcome | None:
        """The outcome of the whole task, if nothing of it is missing; whatever `task.only` says."""
        entry = self._read(task)
        if entry is None or _untested(task, entry):
            return None
        os.utime(self._path(task))  # in use: the newest now
        notebook = json.loads(task.content)
        students = iter(entry["student"])
        for cell, test in _code_cells(notebook):
            ran = entry["tests"][test.part][test.key] if test else next(students)
            cell.update(ran)
        return Outcome(json.dumps(notebook), entry["seconds"], tuple(entry["incidents"]))

    def missing(self, task: Task) -> frozenset[str]:
        """The `grade_id`s of the test cells that have to run; empty if `find` finds the task.

        If anything happened in the earlier run that the instructor was told of, then this is all of them: it
        cannot be said which of them it happened in.
        """
        left = self.remaining(task)
        if left is None:
            return frozenset()
        every = (test.part for _, test in _code_cells(json.loads(task.content)) if test)
        return frozenset(every) if left.only is None else left.only

    def remaining(self, task: Task) -> Task | None:
        """What of a task has to run; None if nothing."""
        entry = self._read(task)
        if entry is None:
            return replace(task, only=None)
        untested = _untested(task, entry)
        if not untested:
            return None
        return replace(task, only=None if entry["incidents"] else untested)

    def store(self, task: Task, outcome: Outcome) -> None:
        """Keep what came of a task; of a task with `only`, what came of these test cells.

        Raises
        ------
        ValueError
            If the outcome is not that of the task, or a test cell that should have run says nothing.
        """
        fresh = _entry(task, outcome)
        old = self._read(task) if task.only is not None else None
        if old is not None:
            for part, results in fresh["tests"].items():
                # a result that comes again counts as the newest
                kept = {k: v for k, v in old["tests"].get(part, {}).items() if k not in results} | results
                old["tests"][part] = dict(list(kept.items())[-KEPT:])
            old["incidents"] += [line for line in fresh["incidents"] if line not in old["incidents"]]
        path = self._path(task)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, old or fresh)
        entries = [p for p in path.parent.iterdir() if p.name.rpartition(".")[0] == task.notebook]
        for entry in sorted(entries, key=_age)[:-KEPT]:
            entry.unlink(missing_ok=True)

    def forget(self, assignment: str, student: str) -> None:
        """Know nothing any more of a student's submission."""
        folder = self._folder(assignment, student)
        if folder.exists():
            shutil.rmtree(folder)

    def _read(self, task: Task) -> dict[str, Any] | None:
        """The entry of a task; None if there is none, or if it is damaged."""
        path = self._path(task)
        try:
            check, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        if check != _checksum(path, body):
            return None
        return json.loads(zlib.decompress(body))

    def _path(self, task: Task) -> Path:
        return self._folder(task.assignment, task.student) / f"{_file(task.notebook)}.{key(task)}"

    def _folder(self, assignment: str, student: str) -> Path:
        return self.folder / _file(assignment) / _file(student)


def _file(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"task: got the name {name!r}, expected one that can be a file's")
    return name


def key(task: Task) -> str:
    """What tells one version of a student's notebook from another: the student's cells, the environment."""
    students = [_source(cell) for cell, test in _code_cells(json.loads(task.content)) if test is None]
    return digest(students, environment(task))


def environment(task: Task) -> dict[str, str]:
    """All that a run stands on beside the notebook's cells, as short texts to compare."""
    limits = task.limits
    named = frozenset(_NAMED.findall(task.content)) | frozenset(limits.course)
    return {
        "python": python_version(),
        "course_pkg": _code(named),
        "packages": _versions((*limits.packages, *limits.test_packages, *KERNEL)),
        "limits": repr(limits),
        "files": digest(
            sorted((name, hashlib.sha256(data).hexdigest()) for name, data in task.files.items())
        ),
    }


@dataclass(frozen=True)
class _Test:
    """A test cell: its grade_id, and all that its result depends on beside the student's cells."""

    part: str
    key: str


def _code_cells(notebook: dict[str, Any]) -> Iterator[tuple[dict[str, Any], _Test | None]]:
    """The code cells in order, those with tests marked."""
    before = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        settings = cell["metadata"].get("nbgrader", {})
        if settings.get("grade") and not settings.get("solution"):
            part = settings["grade_id"]
            yield cell, _Test(part, digest(part, _source(cell), float(settings["points"]), before))
        else:
            before += 1
            yield cell, None


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]  # in a file it may be a list of lines
    return source if isinstance(source, str) else "".join(source)


def _untested(task: Task, entry: dict[str, Any]) -> frozenset[str]:
    """The test cells that the entry has no result of."""
    tests = [test for _, test in _code_cells(json.loads(task.content)) if test]
    return frozenset(test.part for test in tests if test.key not in entry["tests"].get(test.part, {}))


def _entry(task: Task, outcome: Outcome) -> dict[str, Any]:
    """What the journal holds of an outcome."""
    asked = list(_code_cells(json.loads(task.content)))
    came = list(_code_cells(json.loads(outcome.content)))
    if [(_source(c), t) for c, t in asked] != [(_source(c), t) for c, t in came]:
        raise ValueError(f"outcome: the cells differ from those of the task of {task.student}")
    student: list[Ran] = []
    tests: dict[str, dict[str, Ran]] = {}
    for cell, test in came:
        ran = {"outputs": cell["outputs"], "execution_count": cell["execution_count"]}
        if test is None:
            student.append(ran)
        elif task.only is None or test.part in task.only:
            if not any(output["output_type"] in ("error", "execute_result") for output in cell["outputs"]):
                raise ValueError(f"outcome: the test cell {test.part} of {task.student} says nothing")
            tests[test.part] = {test.key: ran}
    return {
        "student": student,
        "tests": tests,
        "seconds": outcome.seconds,
        "incidents": list(outcome.incidents),
    }


def _write(path: Path, entry: dict[str, Any]) -> None:
    """Write an entry so that a run killed half-way, or a machine that stops, leaves it whole or not at all.

    Two that write the same entry at once may spoil it; the checksum then says so, and it is run again.
    """
    body = zlib.compress(json.dumps(entry).encode(), level=1)
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as stream:
        stream.write(_checksum(path, body) + b"\n" + body)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


def _checksum(path: Path, body: bytes) -> bytes:
    """Of what the entry holds and whose it is: an entry in another's place counts as damaged."""
    place = "/".join(path.parts[-3:]).encode()
    return hashlib.sha256(place + b"\0" + body).hexdigest().encode()


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # another process has just tidied up
        return 0


@cache
def _code(named: frozenset[str]) -> str:
    """A hash of the parts of course_pkg that a run stands on, and of those that are named besides."""
    package = Path(course_pkg.__file__).parent
    parts = [path for path in sorted(package.iterdir()) if path.stem not in _ELSEWHERE - named]
    return fingerprint([*parts, *(package / "grading" / name for name in _GRADING)])[:16]


@cache
def _versions(names: tuple[str, ...]) -> str:
    """Names and versions of distributions and of all that they need."""
    return " ".join(sorted(f"{found.name}=={found.version}" for found in distributions(names)))
