"""A sample class: invented students whose submissions are made from the bank of right and wrong solutions."""

import copy
import csv
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from course_pkg.grading.assignments import bank, sample_answers
from course_pkg.grading.classroom.classfolder import CONFIG, REPOSITORY, write_json
from course_pkg.grading.fingerprints import fingerprint
from course_pkg.grading.assignments.sample_answers import answer

ASSIGNMENT = "a1_convolution_1d"
MADE_BY_US = "sample_class.json"  # who did what; only a folder that holds it is ever replaced

# id, first and last name, kind of submission, the correct solution that it starts from, the mistakes in it;
# real classes share their mistakes, so this one does
STUDENTS = [
    ("aadeyemi", "Adunni", "Adeyemi", "whole", "windows", ""),
    ("bkowalska", "Bożena", "Kowalska", "whole", "fourier", ""),
    ("cnguyen", "Châu", "Nguyễn", "whole", "recursion", ""),
    ("dobrien", "Declan", "O'Brien", "whole", "composed", ""),
    ("eyilmaz", "Elif", "Yılmaz", "whole", "loops", "pad_end_repeated"),
    ("fharaldsson", "Freyr", "Haraldsson", "whole", "lists", "convolve_whole_numbers"),
    ("gmbeki", "Gugu", "Mbeki-Ross", "whole", "rolls", "peaks_latest_first"),
    ("hsato", "Haruka", "Sato", "whole", "add_at", "pad_once_around challenge_parts_as_they_are"),
    ("iivanova", "Irina", "Ivanova", "whole", "loops", "slope_sign crop_late_for_even"),
    ("jferreira", "João", "Ferreira", "whole", "lists", "pad_end_repeated challenge_parts_as_they_are"),
    (
        "kpatel",
        "Kavya",
        "Patel",
        "whole",
        "loops",
        "convolve_not_flipped slope_sign challenge_not_normalised",
    ),
    (
        "lleblanc",
        "Loïc",
        "LeBlanc",
        "whole",
        "lists",
        "convolve_not_flipped correlate_flipped match_plain slope_sign",
    ),
    ("mhassan", "Maryam", "Hassan", "test deleted", "windows", "pad_end_repeated match_divides_by_zero"),
    ("nlarsen", "Nils", "Larsen", "half-finished", "loops", "crop_late_for_even"),
    ("okeita", "Oumou", "Keïta", "untouched", "loops", ""),
    ("pquispe", "Paqarina", "Quispe", "not handed in", "loops", ""),
]


@dataclass(frozen=True)
class Submission:
    """What one sample student hands in.

    Attributes
    ----------
    id, first_name, last_name : str
        The student.
    kind : str
        "whole", "test deleted", "half-finished", "untouched" or "not handed in".
    correct : str
        The solution of the bank that it starts from.
    wrong : tuple of str
        The wrong solutions that replace parts of it.
    unwritten : tuple of str
        The parts that are still stubs.
    answer : str
        What is written in the parts that a person marks; empty for nothing.
    """

    id: str
    first_name: str
    last_name: str
    kind: str
    correct: str
    wrong: tuple[str, ...]
    unwritten: tuple[str, ...]
    answer: str


def create(folder: Path) -> int:
    """Set up the sample class in a folder, ready to be graded.

    Parameters
    ----------
    folder : Path
        Where to put it. A sample class that is there already is kept if the assignment and the bank are still
        the same, and replaced if not; any other folder with something in it is left alone.

    Returns
    -------
    int
        0 if the sample class is there, 2 if the folder holds something else.
    """
    released = nbformat.read(REPOSITORY / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    made_from = fingerprint(
        [
            REPOSITORY / "tests" / "assignments" / ASSIGNMENT / "bank",
            REPOSITORY / "assignments" / ASSIGNMENT,
            REPOSITORY / "solutions" / ASSIGNMENT,
            Path(__file__),
            Path(sample_answers.__file__),
        ]
    )
    marker = folder / MADE_BY_US
    if marker.exists():
        if made_from in marker.read_text(encoding="utf-8"):
            print(f"The sample class in {folder} is up to date.")
            return 0
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        print(f"{folder} holds something that is not a sample class; name an empty folder.", file=sys.stderr)
        return 2
    submissions = plan(released)
    for submission in submissions:
        if submission.kind != "not handed in":
            place = folder / "submitted" / submission.id / ASSIGNMENT
            place.mkdir(parents=True)
            nbformat.write(notebook_of(submission, released), place / f"{ASSIGNMENT}.ipynb")
    _write_roster(folder / "roster.csv")
    _write_config(folder)
    write_json(marker, {"made_from": made_from, "submissions": [asdict(s) for s in submissions]})
    handed_in = sum(s.kind != "not handed in" for s in submissions)
    print(f"A sample class of {len(submissions)} students, {handed_in} with a submission, is in {folder}.")
    return 0


def plan(released: NotebookNode) -> list[Submission]:
    """Who hands in what."""
    parts = [c.metadata.nbgrader.grade_id for c in released.cells if is_grade(c) and not is_solution(c)]
    stubs = {"half-finished": parts[len(parts) // 2 :], "untouched": parts}
    return [
        Submission(
            id=student,
            first_name=first_name,
            last_name=last_name,
            kind=kind,
            correct=correct,
            wrong=tuple(wrong.split()),
            unwritten=tuple(stubs.get(kind, [])),
            answer="" if kind in stubs else answer(place),
        )
        for place, (student, first_name, last_name, kind, correct, wrong) in enumerate(STUDENTS)
    ]


def notebook_of(submission: Submission, released: NotebookNode) -> NotebookNode:
    """The notebook that a student hands in: the released one, filled in."""
    correct = {s.name: s for s in bank.load(ASSIGNMENT, "correct")}
    wrong = {s.name: s for s in bank.load(ASSIGNMENT, "wrong")}
    notebook = bank.fill(released, correct[submission.correct].source)
    for name in submission.wrong:
        notebook = bank.fill(notebook, wrong[name].source)
    part_of = _part_of(released)
    for place, stub in enumerate(released.cells):
        if is_solution(stub) and part_of.get(place) in submission.unwritten:
            notebook.cells[place] = copy.deepcopy(stub)
        elif is_solution(stub) and stub.cell_type == "markdown" and submission.answer:
            notebook.cells[place].source = submission.answer
    if submission.kind == "test deleted":
        tests = [cell for cell in notebook.cells if is_grade(cell) and not is_solution(cell)]
        notebook.cells.remove(tests[1])
    return notebook


def _part_of(released: NotebookNode) -> dict[int, str]:
    """For the place of each code cell that students fill in, the name of the test cell that comes next."""
    parts: dict[int, str] = {}
    name = ""
    for place in reversed(range(len(released.cells))):
        cell = released.cells[place]
        if is_grade(cell) and not is_solution(cell):
            name = cell.metadata.nbgrader.grade_id
        elif is_solution(cell) and cell.cell_type == "code":
            parts[place] = name
    return parts


def _write_roster(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "first_name", "last_name", "email"])
        for student, first_name, last_name, *_ in STUDENTS:
            table.writerow([student, first_name, last_name, f"{student}@university.example"])


def _write_config(folder: Path) -> None:
    """The class's own nbgrader_config.py, so that `nbgrader formgrader` works when started in the folder."""
    repository = os.path.relpath(REPOSITORY, folder.resolve())
    (folder / CONFIG).write_text(
        f'''"""Settings of nbgrader for this sample class: the course's own, with the folders in this one."""

from pathlib import Path

from course_pkg.grading import settings

here = Path(__file__).resolve().parent
c = get_config()  # nbgrader defines it
load_subconfig("{CONFIG}", path=str(here / "{repository}"))
settings.configure(c)
c.CourseDirectory.root = str(here)
c.CourseDirectory.source_directory = "{repository}/solutions"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.db_url = f"sqlite:///{{here}}/gradebook.db?timeout=60"
''',
        encoding="utf-8",
    )
