"""What became of each submission of a graded class, and whether that is what must happen."""

import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
import numpy as np
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from course_pkg.checks.part import VERDICT_TYPE
from course_pkg.checks.work import run
from course_pkg.grading.assignments import bank
from tests.grading.hostile import world as worlds
from tests.grading.hostile.corpus import ASSIGNMENT, FILE, WRITTEN, Case
from tests.grading.hostile.world import World

MAX_PAGE = 4_000_000  # bytes of a feedback page: the figures of an honest one take 0.4 MB
LEAK = "@leak@"  # cases write it in front of the inputs that they give away
QUERY = """
    SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score, grade.manual_score,
           grade.extra_credit, grade.needs_manual_grade
    FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
"""


@dataclass(frozen=True)
class Grade:
    """One grade in the gradebook."""

    auto: float | None
    manual: float | None
    extra: float | None
    waits: bool


@dataclass(frozen=True)
class Graded:
    """A class after its grading: the folder, the gradebook, and the lines that the instructor reads."""

    room: Path
    grades: dict[str, dict[str, Grade]]
    said: list[str]

    def about(self, student: str) -> list[str]:
        """The lines that name the student."""
        return [line for line in self.said if re.search(rf"\b{student}\b", line)]

    def notebook(self, student: str) -> NotebookNode | None:
        """The autograded notebook, if there is one."""
        path = self.room / "autograded" / student / ASSIGNMENT / FILE
        return nbformat.read(path, as_version=4) if path.is_file() else None

    def page(self, student: str) -> str | None:
        """The feedback page, if there is one."""
        path = self.room / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"
        return path.read_text(encoding="utf-8") if path.is_file() else None


def read(room: Path, said: str) -> Graded:
    """The class in a folder as it stands, and what was said on the terminal while it was graded."""
    grades: dict[str, dict[str, Grade]] = {}
    with sqlite3.connect(room / "gradebook.db") as database:
        for student, part, auto, manual, extra, waits in database.execute(QUERY):
            grades.setdefault(student, {})[part] = Grade(auto, manual, extra, bool(waits))
    lines = said.splitlines()
    report = room / "reports" / f"{ASSIGNMENT}.html"
    if report.is_file():
        items = BeautifulSoup(report.read_text(encoding="utf-8"), "html.parser").find_all("li")
        lines += [" ".join(item.get_text(" ").split()) for item in items]
    return Graded(room, grades, lines)


def scores(graded: Graded, student: str) -> dict[str, float | None]:
    """What the machine gave a student, part by part."""
    found = graded.grades.get(student, {})
    return {part: found[part].auto if part in found else None for part in worlds.points()}


def faults(case: Case, graded: Graded, world: World) -> list[str]:
    """What is not as it must be with a case; empty if it survived."""
    checks: list[Callable[[Case, Graded, World], list[str]]] = [_wrong_scores, _silence, leaks]
    if case.graded:
        checks += [_wrong_outputs, _unsafe_page]
    return [fault for check in checks for fault in check(case, graded, world)]


def _wrong_scores(case: Case, graded: Graded, world: World) -> list[str]:
    found = []
    mine = graded.grades.get(case.student, {})
    given = scores(graded, case.student)
    if any(grade.manual is not None or grade.extra for grade in mine.values()):
        found.append("marks stand in the gradebook as if a person had given them")
    if not case.graded:
        left = {part: score for part, score in given.items() if score is not None}
        found += [f"cannot be graded, and has scores: {left}"] if left else []
        folder = graded.room / "feedback" / case.student
        return found + (["cannot be graded, and has a feedback page"] if folder.exists() else [])
    for part, most in worlds.points().items():
        right, score = 0.0 if part in case.loses else most, given[part]
        if case.free(part):
            if score is None or not 0 <= score <= most:
                found.append(f"{part} scores {score}, expected 0 to {most:g}")
        elif score != right:
            found.append(f"{part} scores {score}, expected {right:g}")
    written = mine.get(WRITTEN)
    if written is None or written.auto is not None or not written.waits:
        found.append(f"the written part does not wait for a person: {written}")
    return found


def _silence(case: Case, graded: Graded, world: World) -> list[str]:
    """The instructor has to read what the case says they must."""
    wanted = case.facts.get("says")
    if wanted is None or any(re.search(wanted, line, re.IGNORECASE) for line in graded.about(case.student)):
        return []
    return [f"no line for the instructor says {wanted!r}: {graded.about(case.student)[-3:]}"]


def leaks(case: Case, graded: Graded, world: World) -> list[str]:
    """Nothing secret may come back: in outputs, on the page, or in files beside them."""
    shown = _outputs(graded.notebook(case.student))
    page = graded.page(case.student) or ""
    found = [f"the {place} secret was read" for place in worlds.secrets_in(shown + page, world)]
    for step in ("autograded", "feedback"):
        for path in sorted((graded.room / step / case.student).rglob("*")):
            text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
            inside = worlds.secrets_in(text, world, allowed=("hidden",))
            found += [f"{step}/{path.name} holds the {place} secret" for place in inside]
            if path.is_symlink() or (path.is_file() and path.stat().st_size > 30_000_000):
                found.append(f"{step}/{path.name} is a link, or huge")
    if world.words["won"] in shown:
        line = next(line for line in shown.splitlines() if world.words["won"] in line)
        found.append(f"it got through: {line[line.index(world.words['won']) :][:120]}")
    spoken = "".join(part[:500] for part in (shown + page).split(LEAK)[1:]).replace(".", "")
    if any(digits in spoken for digits in hidden_digits()):
        found.append("a hidden input stands in what students see")
    verdict = _verdict_text(graded.notebook(case.student), "convolve")
    spelt = {digits for digits in hidden_digits() if digits in verdict}
    return found + ([f"the messages spell a hidden input: {sorted(spelt)[:3]}"] if spelt else [])


def _outputs(notebook: NotebookNode | None) -> str:
    cells = notebook.cells if notebook else []
    lines = [json.dumps(cell.get("outputs", []), ensure_ascii=False) for cell in cells]
    return "\n".join(lines)


def _wrong_outputs(case: Case, graded: Graded, world: World) -> list[str]:
    """Each test ends in one verdict or an error, and only tests have verdicts."""
    notebook = graded.notebook(case.student)
    if notebook is None:
        return ["there is no autograded notebook"]
    found = []
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        found.append(f"the autograded notebook is damaged: {str(error).splitlines()[0][:200]}")
    tests = set()
    for cell in notebook.cells:
        claims = cell.metadata.get("nbgrader", {})
        verdicts = [o for o in cell.get("outputs", []) if VERDICT_TYPE in o.get("data", {})]
        if not claims.get("grade"):
            found += ["a cell of the student's shows a verdict"] if verdicts else []
            continue
        tests.add(claims.grade_id)
        if cell.cell_type == "code" and len(verdicts) != 1:
            errors = [output for output in cell.outputs if output.output_type == "error"]
            found += (
                [] if len(errors) == 1 and not verdicts else [f"{claims.grade_id}: {len(verdicts)} verdicts"]
            )
    missing = {*worlds.points(), WRITTEN} ^ tests
    return found + ([f"test cells are missing or invented: {missing}"] if missing else [])


def _unsafe_page(case: Case, graded: Graded, world: World) -> list[str]:
    page = graded.page(case.student)
    if page is None:
        return ["there is no feedback page"]
    found = [f"the feedback page takes {len(page)} bytes"] if len(page) > MAX_PAGE else []
    if case.group not in ("pages", "harness", "files"):
        return found  # parsing takes a while, and nothing in the others is to be shown
    soup = BeautifulSoup(page, "html.parser")
    parts = len(soup.select(".part"))
    found += [f"the page shows {parts} parts"] if parts != len(worlds.points()) + 1 else []
    found += [
        f"the page has a {tag.name}" for tag in soup.find_all(["script", "iframe", "object", "form", "link"])
    ]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            target = str(value).strip().lower()
            outside = name == "src" and not target.startswith("data:image/")
            running = name.startswith("on") or target.startswith(
                ("javascript:", "data:text", "file:", "vbscript:")
            )
            if outside or running:
                found.append(f"the page has a {tag.name} with {name}={target[:60]}")
    if "default-src 'none'" not in str(soup.find("meta", {"http-equiv": "Content-Security-Policy"})):
        found.append("the page lets content load")
    return found


def _verdict_text(notebook: NotebookNode | None, part: str) -> str:
    cells = notebook.cells if notebook else []
    named = [c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == part]
    return json.dumps([cell.get("outputs", []) for cell in named])


@cache
def hidden_digits() -> frozenset[str]:
    """The first six digits of every number that the hidden tests of `convolve` send."""
    sent: list[Any] = []

    def listening(request: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
        sent.extend(request["args"])
        return run(request, namespace)

    with mock.patch.object(bank, "run", listening):
        bank.verdicts(bank.source_notebook(ASSIGNMENT), "convolve")
    numbers = np.abs(np.concatenate([np.ravel(argument) for argument in sent]).astype(float))
    digits = {f"{number:.16e}".replace(".", "")[:6] for number in numbers}
    return frozenset(d for d in digits if not d.endswith("000"))  # not those of the examples by hand
