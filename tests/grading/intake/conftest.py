"""A course with one small assignment, for nbgrader's own commands."""

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import CheckCellMetadata, SaveAutoGrades
from nbgrader.utils import capture_log, compute_checksum, is_solution
from traitlets.config import Config

from course_pkg.grading.assignments import bank
from course_pkg.grading.environment import use_this_environment
from course_pkg.grading.intake.exporter import SubmissionExporter
from course_pkg.grading.intake.repair import remarks_of

SECRET = "the key to the safe"


def facts(name, **flags):
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": plain | {"grade_id": name} | flags}


SOURCE = new_notebook(
    cells=[
        new_markdown_cell("# Add", id="title"),
        new_code_cell("BIG = 1000", id="setup", metadata=facts("setup", locked=True)),
        new_code_cell(
            "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION",
            id="code",
            metadata=facts("add-code", solution=True),
        ),
        new_code_cell(
            "assert add(1, 2) == 3\n### BEGIN HIDDEN TESTS\nassert add(BIG, 1) == 1001\n### END HIDDEN TESTS",
            id="test",
            metadata=facts("add", grade=True, locked=True, points=5),
        ),
        new_markdown_cell("Sums.", id="why", metadata=facts("why", grade=True, solution=True, points=2)),
    ],
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
)


def config_for(root: Path) -> Config:
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root}/gradebook.db"
    config.Autograde.exporter_class = SubmissionExporter
    # without Execute no test fails, so what is graded gets its 5 points
    config.Autograde.autograde_preprocessors = [SaveAutoGrades, CheckCellMetadata]
    return config


class Course:
    """A course in a folder: one small assignment, and nbgrader's commands on it."""

    secret = SECRET

    def __init__(self, root: Path):
        self.root = root
        self.url = f"sqlite:///{root}/gradebook.db"
        self.released = (root / "release" / "a1" / "a1.ipynb").read_text(encoding="utf-8")
        self.config = config_for(root)

    def coursedir(self, student):
        return CourseDirectory(config=self.config, assignment_id="a1", student_id=student)

    def folder(self, student):
        return self.root / "submitted" / student / "a1"

    def hand_in(self, student, content=None, name="a1.ipynb"):
        path = self.folder(student) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.answered() if content is None else content, encoding="utf-8")
        return path

    def answered(self):
        return self.released.replace("raise NotImplementedError()", "return a + b")

    def autograde(self, student="*", force=True):
        """(whether nbgrader was content, what it said)."""
        grader = Autograde(coursedir=self.coursedir(student), config=self.config)
        grader.force = force
        outcome = capture_log(grader)
        return outcome["success"], outcome.get("log", "") + outcome.get("error", "")

    def scores(self):
        """student -> part -> points by machine, for all that the gradebook knows."""
        with Gradebook(self.url) as book:
            return {
                s.student.id: {grade.name: grade.auto_score for n in s.notebooks for grade in n.grades}
                for s in book.assignment_submissions("a1")
            }

    def everything_written(self, *steps):
        """The bytes of all files that nbgrader wrote for students."""
        files = [path for step in steps for path in (self.root / step).rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course whose assignment is released: making a gradebook takes nbgrader two seconds."""
    use_this_environment()
    root = tmp_path_factory.mktemp("course") / "released"
    (root / "source" / "a1").mkdir(parents=True)
    nbformat.write(SOURCE, root / "source" / "a1" / "a1.ipynb")
    (root / "source" / "a1" / "table.csv").write_text("1,2,3")
    (root / "secret.txt").write_text(SECRET)
    config = config_for(root)
    course = CourseDirectory(config=config, assignment_id="a1")
    GenerateAssignment(coursedir=course, config=config).start()
    return root


@pytest.fixture
def new_course(released, tmp_path) -> Callable[[str], Course]:
    """Makes a course in a folder of the name given, with nobody in it yet."""
    return lambda name: Course(Path(shutil.copytree(released, tmp_path / name)))


@pytest.fixture
def course(new_course) -> Course:
    return new_course("course")


@pytest.fixture(scope="session")
def check_invariants() -> Callable[[NotebookNode], None]:
    """Asserts what holds for every repaired notebook of assignment 1."""
    source = bank.source_notebook("a1_convolution_1d")

    def known(notebook: NotebookNode) -> dict[str, NotebookNode]:
        cells = (cell for cell in notebook.cells if "nbgrader" in cell.metadata)
        return {cell.metadata.nbgrader.grade_id: cell for cell in cells}

    def check(notebook: NotebookNode) -> None:
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        original, mended = known(source), known(notebook)
        assert list(mended) == list(original)
        assert sum("nbgrader" in cell.metadata for cell in notebook.cells) == len(original)
        for name, cell in mended.items():
            facts = cell.metadata.nbgrader
            assert cell.cell_type == original[name].cell_type
            assert {k: v for k, v in facts.items() if k != "checksum"} == original[name].metadata.nbgrader
            assert cell.metadata.get("tags") == original[name].metadata.get("tags")
            if not is_solution(cell):
                assert cell.source == original[name].source
                assert facts.checksum == compute_checksum(cell)
        assert notebook.metadata.kernelspec == source.metadata.kernelspec
        assert notebook.metadata.language_info == source.metadata.language_info
        assert all(not cell.get("outputs") for cell in notebook.cells)
        assert all(isinstance(remark, str) and "\n" not in remark for remark in remarks_of(notebook))

    return check
