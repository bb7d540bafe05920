"""Pairs of students whose code is more alike than two people's work is, for an instructor to read.

The comparing is copydetect's (winnowing, as in MOSS): code is reduced to its structure, in which every
variable has the same name, and cut into overlapping passages of `PASSAGE` characters; two students are alike
in the passages that both have. What the released notebook holds does not count, nor does what more than
`COMMON` students have, for then it is how one writes it. Nothing here proves anything.

An index from passages to students finds the pairs; only those are compared in full. That takes about 0.05 s
and 0.2 MB a student, most of it for reading the notebooks, and no step looks at all pairs.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import jinja2
import nbformat
import numpy as np
from copydetect import CodeFingerprint, compare_files  # type: ignore[import-untyped]
from nbgrader.utils import is_solution

from course_pkg.grading.classroom.classfolder import ClassFolder, open_class
from course_pkg.grading.intake.receive import receive
from course_pkg.grading.intake.skeleton import skeleton_of
from course_pkg.grading.intake.submitted import Unreadable
from course_pkg.grading.reports.exports import harmless
from course_pkg.grading.reports.feedback import TEMPLATES

PASSAGE = 20  # characters of code without names, blanks and comments: about a line
COMMON = 10  # students, or a tenth of the class if that is more, up to ten times as many
LEAST = 150  # characters that two students must share
SHARE = 0.3  # of the smaller work; solutions written independently share up to a seventh
LONGEST = 100_000  # characters of one student's code that are looked at
SHOWN = 100  # pairs on the page; the CSV has them all

Work = dict[str, str]  # what a student wrote, by solution cell


@dataclass(frozen=True)
class Match:
    """Two works that are alike.

    Attributes
    ----------
    first, second : tuple of str
        Students; `second` holds several where these, or these and `first`, handed in the same but for names.
    share : float
        Which part of the smaller work is in the other one too.
    characters : int
        How long the shared passages are together, in characters of code without names.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    share: float
    characters: int


def matches(works: Mapping[str, Work], released: Work) -> list[Match]:
    """The pairs of works that are alike, the closest first.

    Parameters
    ----------
    works : mapping from str to dict
        Each student's code by cell.
    released : dict
        The code that all of them got.

    Returns
    -------
    list of Match
        Those that share at least `SHARE` of the smaller work and `LEAST` characters.
    """
    stubs = np.fromiter(_fingerprint(released).hashes, dtype=np.int64)
    passages = {
        student: np.setdiff1d(np.fromiter(_fingerprint(work).hashes, dtype=np.int64), stubs)
        for student, work in works.items()
    }
    groups: dict[bytes, list[str]] = {}
    for student, own in passages.items():
        if len(own) >= LEAST:
            groups.setdefault(own.tobytes(), []).append(student)
    same = [
        Match((first,), tuple(others), 1.0, len(passages[first]))
        for first, *others in groups.values()
        if others
    ]
    one_each = {group[0]: passages[group[0]] for group in groups.values()}
    alike = []
    for first, second, share, characters in _alike(one_each):
        members = [tuple(groups[passages[student].tobytes()]) for student in (first, second)]
        alike.append(Match(members[0], members[1], share, characters))
    return sorted(same + alike, key=lambda m: (-m.share, -m.characters, m.first, m.second))


def side_by_side(first: Work, second: Work, released: Work) -> list[dict[str, Any]]:
    """The cells in which two works are alike, line by line.

    Returns
    -------
    list of dict
        cell, and for each of "first" and "second" a list of (line, whether it is in the other work too).
    """
    stubs = _fingerprint(released).hashes
    prints = [_fingerprint(work) for work in (first, second)]
    for found in prints:
        found.hashes -= stubs
        found.hash_idx = {h: places for h, places in found.hash_idx.items() if h in found.hashes}
    _, _, slices = compare_files(*prints)
    marked = [_lines(work, np.atleast_2d(s)) for work, s in zip((first, second), slices, strict=True)]
    rows = [
        {"cell": cell, "first": marked[0].get(cell, []), "second": marked[1].get(cell, [])}
        for cell in released
    ]
    return [row for row in rows if any(common for side in ("first", "second") for _, common in row[side])]


def write(folder: Path, assignment: str) -> int:
    """Write the listing of an assignment as a page and as CSV into the class's reports.

    Parameters
    ----------
    folder : Path
        The class folder.
    assignment : str
        The assignment's name.

    Returns
    -------
    int
        0; 2 if there is no such class or assignment, or nothing was handed in.
    """
    try:
        room = open_class(folder)
        works, released, left_out = read_works(room, assignment)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    found = matches(works, released)
    target = room.report(assignment)
    page, table = (target.with_name(f"{assignment}_similarity{ending}") for ending in (".html", ".csv"))
    target.parent.mkdir(exist_ok=True)
    page.write_text(
        render(assignment, found, works, released, left_out, _names(room, works)), encoding="utf-8"
    )
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["first", "second", "share", "characters"])
        for match in found:
            who = (harmless("; ".join(students)) for students in (match.first, match.second))
            writer.writerow([*who, f"{match.share:.2f}", match.characters])
    print(f"{len(found)} pairs to look at among {len(works)} submissions: {page} and {table.name}")
    for student, reason in left_out.items():
        print(f"not compared: {student}: {reason}")
    return 0


def read_works(room: ClassFolder, assignment: str) -> tuple[dict[str, Work], Work, dict[str, str]]:
    """What each student wrote, what was released, and, by student, why a notebook could not be compared.

    Raises
    ------
    ValueError
        If there is no such assignment, or nobody has handed it in.
    """
    sources = {
        name: nbformat.read(room.source / assignment / f"{name}.ipynb", as_version=4)
        for name in room.notebooks(assignment)
    }
    if not sources:
        raise ValueError(f"assignment: got {assignment!r}, which has no notebook in {room.source}")
    students = room.submitters(assignment)
    if not students:
        raise ValueError(
            f"--class: expected {room.folder}/submitted/STUDENT/{assignment}/, found no submission"
        )
    stubs = {name: skeleton_of(source, room.config).released for name, source in sources.items()}
    released = {
        _title(name, cell, sources): stubs[name][cell.metadata.nbgrader.grade_id]
        for name, source in sources.items()
        for cell in source.cells
        if _is_written(cell)
    }
    works, left_out = {}, {}
    for student in students:
        try:
            works[student] = {
                _title(name, cell, sources): cell.source
                for name in sources
                for cell in receive(room.coursedir(), assignment, student, name, room.config).cells
                if _is_written(cell)
            }
        except (Unreadable, OSError) as error:
            left_out[student] = str(error)
    return works, released, left_out


def render(
    assignment: str,
    found: list[Match],
    works: Mapping[str, Work],
    released: Work,
    left_out: Mapping[str, str],
    names: Mapping[str, str],
) -> str:
    """The listing as one HTML page that needs nothing else."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    shown = [
        (match, side_by_side(works[match.first[0]], works[match.second[0]], released))
        for match in found[:SHOWN]
    ]
    return environment.get_template("similarity.html.j2").render(
        assignment=assignment,
        shown=shown,
        more=len(found) - len(shown),
        compared=len(works),
        left_out=left_out,
        names=names,
        share=SHARE,
    )


def _is_written(cell: nbformat.NotebookNode) -> bool:
    return is_solution(cell) and cell.cell_type == "code"


def _title(notebook: str, cell: nbformat.NotebookNode, notebooks: Mapping[str, Any]) -> str:
    name = cell.metadata.nbgrader.grade_id
    return name if len(notebooks) == 1 else f"{notebook}/{name}"


def _fingerprint(work: Work) -> CodeFingerprint:
    # every passage counts, so that the same two works always share the same
    return CodeFingerprint("work.py", PASSAGE, 1, language="python", fp=io.StringIO(_text(work)))


def _text(work: Work) -> str:
    return "\n".join(work.values())[:LONGEST]


def _alike(passages: Mapping[str, np.ndarray]) -> Iterable[tuple[str, str, float, int]]:
    """(student, student, share, characters) of the pairs that share enough."""
    students = list(passages)
    if len(students) < 2:
        return
    owners = np.repeat(np.arange(len(students)), [len(own) for own in passages.values()])
    every = np.concatenate(list(passages.values()))
    owners = owners[np.argsort(every, kind="stable")]
    _, starts, counts = np.unique(np.sort(every), return_index=True, return_counts=True)
    rare = counts <= min(max(COMMON, len(students) // 10), 10 * COMMON)
    kept = np.bincount(owners[np.repeat(rare, counts)], minlength=len(students))
    shared: dict[int, int] = {}
    for count in np.unique(counts[rare & (counts > 1)]):
        groups = owners[starts[counts == count][:, None] + np.arange(count)]
        for i, j in combinations(range(count), 2):
            pairs, times = np.unique(groups[:, i] * len(students) + groups[:, j], return_counts=True)
            for pair, n in zip(pairs.tolist(), times.tolist(), strict=True):
                shared[pair] = shared.get(pair, 0) + n
    for pair, n in shared.items():
        i, j = divmod(pair, len(students))
        share = n / int(min(kept[i], kept[j]))
        if n >= LEAST and share >= SHARE:
            yield students[i], students[j], share, n


def _lines(work: Work, slices: np.ndarray) -> dict[str, list[tuple[str, bool]]]:
    """Each cell's lines, and whether one of the slices of the text lies on them."""
    common = np.zeros(len(_text(work)) + 1, dtype=bool)
    for start, end in slices.T.astype(int) if slices.size else ():
        common[start:end] = True
    cells: dict[str, list[tuple[str, bool]]] = {}
    at = 0
    for cell, source in work.items():
        cells[cell] = []
        for line in source.split("\n"):
            ink = [at + i for i, character in enumerate(line) if not character.isspace()]
            covered = [i for i in ink if i < len(common) and common[i]]
            cells[cell].append((line, 2 * len(covered) > len(ink)))
            at += len(line) + 1
    return cells


def _names(room: ClassFolder, students: Iterable[str]) -> dict[str, str]:
    """Each student's name by the roster, and the id."""
    roster = room.roster()
    rows = {student: roster.get(student, {}) for student in students}
    names = {
        s: f"{row.get('first_name') or ''} {row.get('last_name') or ''}".strip() for s, row in rows.items()
    }
    return {student: f"{name} ({student})" if name else student for student, name in names.items()}
