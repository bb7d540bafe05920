"""A class on disk: one folder that holds submissions, gradebook, feedback and reports::

    roster.csv          id,first_name,last_name,email (optional; without it, whoever submitted)
    submitted/          STUDENT/ASSIGNMENT/*.ipynb, as nbgrader collects them
    autograded/ feedback/ release/ gradebook.db    made by nbgrader
    reports/ grades.csv grading.log    made here
    progress.jsonl journal/ grading.lock    what lets a run go on where another stopped

nbgrader itself reads the nbgrader_config.py in the class folder, or, for a class inside the course's own
folder, the one beside it. Its `c.CourseDirectory.db_url` says where the gradebook is, for example in a
PostgreSQL server; a file of SQLite is always gradebook.db in the class folder.
"""

import csv
import glob
import json
import time
from dataclasses import dataclass
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from course_pkg.grading import settings
from course_pkg.grading.intake.folders import is_student_id

CONFIG = "nbgrader_config.py"
LOG = "grading.log"
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class ClassFolder:
    """Where everything of one class is, and the nbgrader configuration that says so.

    Attributes
    ----------
    folder : Path
        The class folder, absolute.
    source : Path
        The folder of the instructor's notebooks, one folder an assignment.
    config : Config
        nbgrader's configuration, with every output below `folder`.
    """

    folder: Path
    source: Path
    config: Config

    @property
    def database(self) -> str:
        """The gradebook's URL, with which it is opened; it may hold a password."""
        return str(self.config.CourseDirectory.db_url)

    @property
    def journal(self) -> Path:
        """The folder of outcomes that need not be run again."""
        return self.folder / "journal"

    def submission(self, student: str, assignment: str) -> Path:
        return self.folder / "submitted" / student / assignment

    def autograded(self, student: str, assignment: str) -> Path:
        return self.folder / "autograded" / student / assignment

    def feedback(self, student: str, assignment: str) -> Path:
        return self.folder / "feedback" / student / assignment

    def report(self, assignment: str) -> Path:
        return self.folder / "reports" / f"{assignment}.html"

    def table(self, assignment: str) -> Path:
        return self.folder / "reports" / f"{assignment}.csv"

    def notebooks(self, assignment: str) -> list[str]:
        """Names of the assignment's notebooks, without the ending."""
        return sorted(path.stem for path in (self.source / assignment).glob("*.ipynb"))

    def submitters(self, assignment: str) -> list[str]:
        """Ids of the students whose submission lies in the class folder, sorted."""
        return [name for name in self._folders(assignment) if is_student_id(name)]

    def unusable(self, assignment: str) -> list[str]:
        """Names of folders that hold a submission, but cannot be a student's id."""
        return [name for name in self._folders(assignment) if not is_student_id(name)]

    def _folders(self, assignment: str) -> list[str]:
        return sorted(path.parent.name for path in (self.folder / "submitted").glob(f"*/{assignment}"))

    def roster(self) -> dict[str, dict[str, str]]:
        """Names and addresses by student id, from roster.csv; empty without one."""
        path = self.folder / "roster.csv"
        if not path.exists():
            return {}
        with path.open(encoding="utf-8", newline="") as stream:
            return {row.pop("id"): row for row in csv.DictReader(stream)}

    def log(self, headline: str, text: str) -> None:
        """Write something into the class's log."""
        with (self.folder / LOG).open("a", encoding="utf-8") as stream:
            stream.write(f"== {time.strftime('%Y-%m-%d %H:%M:%S')} {headline}\n{text}\n")

    def coursedir(self, assignment: str = "", student: str = "*") -> CourseDirectory:
        """nbgrader's view of this class, for one assignment and one student (or all)."""
        one = student if student == "*" else glob.escape(student)  # nbgrader takes it for a pattern
        return CourseDirectory(config=self.config, assignment_id=assignment, student_id=one)


def open_class(folder: Path) -> ClassFolder:
    """The class in `folder`.

    Raises
    ------
    ValueError
        If the folder, its submissions, or an nbgrader_config.py in it or beside it is missing.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise ValueError(f"--class: got {folder}, expected a folder; `sample-class {folder}` makes a sample")
    if not (folder / "submitted").is_dir():
        raise ValueError(
            f"--class: {folder} has no submitted/ folder, expected submitted/STUDENT/ASSIGNMENT/"
        )
    config_file = next((f / CONFIG for f in (folder, folder.parent) if (f / CONFIG).is_file()), None)
    if config_file is None:
        raise ValueError(f"--class: expected {CONFIG} in {folder} or in {folder.parent}, found none")
    config = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    settings.configure(config)
    course = config.CourseDirectory
    source = (config_file.parent / course.get("source_directory", "source")).resolve()
    made = ClassFolder(folder, source, config)
    course.root = str(folder)
    course.source_directory = str(source)
    if str(course.get("db_url", "sqlite:")).startswith("sqlite:"):
        # formgrader and others may write, too: each waits for the other
        course.db_url = f"sqlite:///{folder / 'gradebook.db'}?timeout=60"
    # where a database checks what it is told, an assignment has to belong to a course
    course.setdefault("course_id", "default_course")
    config.IsolatedExecute.journal = str(made.journal)
    for step in ("submitted", "autograded", "feedback", "release"):
        course[f"{step}_directory"] = step
    return made


def write_json(path: Path, content: object) -> None:
    """Write `content` so that a run killed half-way leaves the old file or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)
