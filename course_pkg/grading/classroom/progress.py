"""How far the grading of a class has come, in a file that survives a kill at any moment.

progress.jsonl holds a line for each thing that happened to a student's submission: assignment, student, and
all that is known from then on. The last line counts; half a line at the end does not.
"""

import json
from pathlib import Path
from typing import Any

from course_pkg.grading.classroom.scores import Progress

FILE = "progress.jsonl"


class ProgressFile:
    """What is known of one assignment's submissions, kept in the class folder.

    Parameters
    ----------
    folder : Path
        The class folder.
    assignment : str

    Attributes
    ----------
    students : dict
        By student: graded (the fingerprint of what was graded, or None), feedback (the fingerprint of what
        the page shows), seconds, stages (seconds by stage), problem (one line, or None), remarks (lines).
    """

    def __init__(self, folder: Path, assignment: str) -> None:
        self.path = folder / FILE
        self.assignment = assignment
        everything = read(self.path)
        self.students = everything.setdefault(assignment, {})
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as stream:
            for name, students in everything.items():
                for student, entry in students.items():
                    stream.write(_line(name, student, entry))
        fresh.replace(self.path)
        self._stream = self.path.open("a", encoding="utf-8")

    def note(self, student: str, **facts: Any) -> None:
        """Add to what is known of a student."""
        entry = self.students.setdefault(
            student, {"graded": None, "seconds": 0.0, "problem": None, "stages": {}, "remarks": []}
        )
        entry.update(facts)
        self._write(student, entry)

    def forget(self, student: str) -> None:
        """Know nothing of a student any more."""
        del self.students[student]
        self._write(student, None)

    def close(self) -> None:
        """No more notes."""
        self._stream.close()

    def _write(self, student: str, entry: dict[str, Any] | None) -> None:
        # a kill of this process loses nothing that was flushed
        self._stream.write(_line(self.assignment, student, entry))
        self._stream.flush()


def read(path: Path) -> dict[str, Progress]:
    """What the file says, by assignment; nothing if there is none."""
    found: dict[str, Progress] = {}
    if not path.exists():
        return found
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if not line.endswith("\n"):
                break  # the run was killed while it wrote this
            assignment, student, entry = json.loads(line)
            if entry is None:
                found.get(assignment, {}).pop(student, None)
            else:
                found.setdefault(assignment, {})[student] = entry
    return found


def _line(assignment: str, student: str, entry: dict[str, Any] | None) -> str:
    return json.dumps([assignment, student, entry], ensure_ascii=False) + "\n"
