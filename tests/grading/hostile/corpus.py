"""The corpus: one file a case, and the submission that is made of it.

A case is `cases/GROUP/NAME.py`. Its docstring says what is attacked, and then what must happen::

    covers: which of the dangers that grading.md names (several: one line each)
    loses: parts that score 0; every other part keeps its full marks
    free: parts that may score anything (* for all others), where any outcome is fair
    graded: no, if there is nothing to grade in it
    says: a regular expression for the line that the instructor reads about it
    stock: why stock nbgrader is not tried on it, or what it takes

The rest of the file is one of three things. Cells for the a1 notebook, which is otherwise solved correctly,
each under a line `# %% PLACE PART` (top, replace, before, after, answer, end). Or a function
`submit(folder, notebook, fill)`, which writes the submitted files itself or returns the notebook to hand in.
Or a function `archive(path, notebook)`, which writes the archive that was handed in.

Words between @ signs are filled in by the run: see `world.World`. In source code @won@ is written with an
escape, so that only what a case prints holds the word itself.
"""

import ast
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_pkg.grading.assignments import bank

ASSIGNMENT = "a1_convolution_1d"
FILE = f"{ASSIGNMENT}.ipynb"
CASES = Path(__file__).parent / "cases"
BASE = "windows"  # the solution of the bank that every case starts from
WRITTEN = "in-your-own-words"
ANSWER = "The kernels are flips of each other, and the predictions agree. The slope changes its sign."
FACTS = ("covers", "loses", "free", "graded", "says", "stock")


@dataclass(frozen=True)
class Case:
    """One hostile submission and what must become of it.

    Attributes
    ----------
    name : str
        GROUP/NAME.
    words : str
        What it attacks.
    facts : mapping
        The lines of the docstring, by keyword (see above); what is said in several lines stands in one.
    source : str
        Everything behind the docstring.
    path : Path
        The file.
    """

    name: str
    words: str
    facts: Mapping[str, str]
    source: str
    path: Path

    @property
    def group(self) -> str:
        """The kind of attack."""
        return self.name.partition("/")[0]

    @property
    def student(self) -> str:
        """The id under which it is handed in."""
        return self.name.replace("/", "_")

    @property
    def dangers(self) -> frozenset[str]:
        """What it covers."""
        return frozenset(fact for line in self.facts["covers"].split("; ") for fact in line.split(", "))

    @property
    def graded(self) -> bool:
        """Whether there is something to grade."""
        return self.facts.get("graded") != "no"

    @property
    def loses(self) -> frozenset[str]:
        """The parts that score 0."""
        return frozenset(self.facts.get("loses", "").split())

    def free(self, part: str) -> bool:
        """Whether the part may score anything."""
        named = self.facts.get("free", "").split()
        return part not in self.loses and (part in named or "*" in named)


def load(pattern: str = "*/*") -> list[Case]:
    """The cases whose GROUP/NAME fits the pattern, by name.

    Raises
    ------
    ValueError
        If a case says something about itself that nobody understands, or names no danger.
    """
    return [_read(path) for path in sorted(CASES.glob(f"{pattern}.py"))]


def representatives(cases: list[Case]) -> list[Case]:
    """The first case of each group for each danger that it names."""
    seen: set[str] = set()
    chosen = []
    for case in cases:
        new = {f"{case.group}: {danger}" for danger in case.dangers} - seen
        if new:
            chosen.append(case)
            seen |= new
    return chosen


def _read(path: Path) -> Case:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    words: list[str] = []
    facts: dict[str, str] = {}
    for line in (ast.get_docstring(tree) or "").splitlines():
        key, colon, value = line.partition(": ")
        if colon and key in FACTS:
            facts[key] = f"{facts[key]}; {value}" if key in facts else value
        elif line and facts:
            raise ValueError(f"{path}: got the line {line!r}, expected one of {', '.join(FACTS)}")
        elif line:
            words.append(line)
    if "covers" not in facts:
        raise ValueError(f"{path}: expected a line that says which danger it covers")
    body = "\n".join(source.splitlines()[tree.body[0].end_lineno :])
    return Case(f"{path.parent.name}/{path.stem}", " ".join(words), facts, body.strip("\n"), path)


def hand_in(case: Case, folder: Path, downloads: Path, words: Mapping[str, str]) -> None:
    """Write the submission of a case.

    Parameters
    ----------
    case : Case
    folder : Path
        submitted/STUDENT/ASSIGNMENT, which need not exist.
    downloads : Path
        Where archives lie that are still to be collected.
    words : mapping of str to str
        What stands for each word between @ signs.
    """
    notebook = solved()
    if "\ndef archive(" in f"\n{case.source}":
        downloads.mkdir(parents=True, exist_ok=True)
        _program(case, words)["archive"](downloads / f"{case.student}.zip", notebook)
        return
    folder.mkdir(parents=True)
    if "\ndef submit(" in f"\n{case.source}":
        made = _program(case, words)["submit"](folder, notebook, fill)
    else:
        made = _with_cells(notebook, _filled_in(case.source, words))
    if made is not None:
        nbformat.write(made, folder / FILE)


def solved(solution: str = BASE) -> NotebookNode:
    """The released notebook with a correct solution of the bank in it, and the written part answered."""
    notebook = bank.fill(_released(), _solutions()[solution])
    cell_named(notebook, WRITTEN).source = ANSWER
    return notebook


def fill(notebook: NotebookNode, part: str, source: str) -> None:
    """Put the source into the solution cell of a part, in place of what is there."""
    cell_named(notebook, f"{part}-code").source = source


def cell_named(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """The notebook's cell of that name."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


@cache
def _released() -> NotebookNode:
    return nbformat.read(bank.ROOT / "assignments" / ASSIGNMENT / FILE, as_version=4)


@cache
def _solutions() -> dict[str, str]:
    return {solution.name: solution.source for solution in bank.load(ASSIGNMENT, "correct")}


def _filled_in(text: str, words: Mapping[str, str]) -> str:
    """Source code with the words in it, in string literals."""
    for word, value in words.items():
        text = text.replace(f"@{word}@", f"\\x{ord(value[0]):02x}{value[1:]}" if word == "won" else value)
    return text


def _program(case: Case, words: Mapping[str, str]) -> dict[str, Any]:
    """The names that the file of a case defines."""
    names = runpy.run_path(str(case.path))
    program: dict[str, Callable] = {name: names[name] for name in ("submit", "archive") if name in names}
    for function in program.values():
        constants = function.__code__.co_consts
        filled = tuple(_filled_in(value, words) if isinstance(value, str) else value for value in constants)
        function.__code__ = function.__code__.replace(co_consts=filled)
    return program


def _with_cells(notebook: NotebookNode, source: str) -> NotebookNode:
    for cell in jupytext.reads(source, fmt="py:percent").cells:
        place, _, part = cell.metadata.get("title", "").partition(" ")
        if place == "replace":
            fill(notebook, part, cell.source)
        elif place == "answer":
            cell_named(notebook, WRITTEN).source = "\n".join(
                line.removeprefix("# ") for line in cell.source.splitlines()
            )
        else:
            anchors = {"top": "setup", "before": part, "after": part, "end": WRITTEN}
            if place not in anchors:
                raise ValueError(
                    f"got a cell for {cell.metadata.get('title')!r}, expected a place in the notebook"
                )
            anchor = notebook.cells.index(cell_named(notebook, anchors[place]))
            # cells for one place stay in their order
            while (
                place != "before" and anchor + 1 < len(notebook.cells) and _added(notebook.cells[anchor + 1])
            ):
                anchor += 1
            notebook.cells.insert(anchor + (place != "before"), new_code_cell(cell.source))
            notebook.cells[anchor + (place != "before")].metadata["added"] = True
    for cell in notebook.cells:
        cell.metadata.pop("added", None)
    return notebook


def _added(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("added"))
