"""Rebuild a submitted notebook on the skeleton of the instructor's, so that it can be graded.

What the student wrote is kept; what decides about marks (tests, points, flags, order) is the instructor's.
"""

import copy
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum, is_grade, is_solution
from traitlets.config import Config

from course_pkg.grading.intake.skeleton import Skeleton, skeleton_of
from course_pkg.grading.intake.submitted import Cell, Unreadable, read_submitted, short

__all__ = ["Unreadable", "remarks_of", "repair"]

# tags that tell whoever runs a notebook to leave a cell out, or to let its errors pass
STEERING = {"skip-execution", "raises-exception"}
FLAGS = ("grade", "solution", "locked", "task", "points", "schema_version")
MAX_REMARKS = 40


def repair(data: bytes, source: NotebookNode, config: Config | None = None) -> NotebookNode:
    """A sound notebook, ready to be graded, out of the bytes that a student handed in.

    Every nbgrader cell of the instructor's is there once, in the instructor's order and with the instructor's
    metadata. Solution cells hold what the student wrote in them (the released stub, if that is missing or
    empty), all others what the instructor wrote. Cells that the student added, and the instructor's cells
    that are not nbgrader's, stay behind the nbgrader cell that they followed. Nothing else is taken over: no
    outputs, no settings for nbgrader or for whoever runs the notebook.

    If a cell is there more than once, the copy that has its own id counts, otherwise the first; a copy that
    is empty or as released counts only if all are. The other copies stay as ordinary cells where they stood,
    so that code runs in the order in which the student ran it.

    Parameters
    ----------
    data : bytes
        The submitted file.
    source : NotebookNode
        The instructor's notebook, with solutions and hidden tests.
    config : traitlets.config.Config, optional
        nbgrader's settings, for the stubs; by default those of the course's nbgrader_config.py.

    Returns
    -------
    NotebookNode
        In format 4.5. What had to be mended is in ``metadata["course_pkg"]["remarks"]``, one line each; a
        notebook that needed nothing has no such entry.

    Raises
    ------
    Unreadable
        If there is nothing to grade in the file; the text says why.
    """
    remarks: list[str] = []
    skeleton = skeleton_of(source, config)
    metadata, cells = read_submitted(data, remarks)
    _remark_on_kernel(metadata, skeleton, remarks)
    owner = _owners(cells, skeleton, remarks)
    if not owner:
        raise Unreadable("none of the assignment's cells is in the notebook: is it another one?")
    found = {name: cells[index] for index, name in owner.items()}
    rows = _in_order(cells, owner, skeleton)
    if [name for _, name in sorted(owner.items())] != [name for name in skeleton.cells if name in found]:
        remarks.append("the assignment's cells had another order; they are back in the instructor's")
    made = [_known(row, found, skeleton, remarks) if isinstance(row, str) else row for row in rows]
    return _notebook(made, skeleton, remarks)


def remarks_of(notebook: NotebookNode) -> list[str]:
    """What had to be mended in a repaired notebook, one line each."""
    return list(notebook.metadata.get("course_pkg", {}).get("remarks", []))


def _owners(cells: list[Cell], skeleton: Skeleton, remarks: list[str]) -> dict[int, str]:
    """Which of the submitted cells are which of the instructor's: index in `cells` -> grade_id."""
    copies: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        name = _name(cell, skeleton, remarks)
        if name is not None:
            copies.setdefault(name, []).append(index)
        elif cell.claims and any(cell.claims.get(flag) for flag in ("grade", "solution", "locked", "task")):
            claimed = short(cell.claims.get("grade_id"))
            remarks.append(
                f"a cell claims to be {claimed}, which is none of ours; it is an ordinary cell now"
            )
    by_id = {cell.id: index for index, cell in enumerate(cells) if cell.id is not None}
    for name, known in skeleton.cells.items():
        index_by_id = by_id.get(known.get("id") or "")
        if name not in copies and index_by_id is not None and _name(cells[index_by_id], skeleton, []) is None:
            copies[name] = [index_by_id]
            remarks.append(f"{name}: had lost what it says to nbgrader, and was known by its id")
    remarks += [f"{name}: was there {len(found)} times" for name, found in copies.items() if len(found) > 1]
    return {_counting(name, found, cells, skeleton): name for name, found in copies.items()}


def _name(cell: Cell, skeleton: Skeleton, remarks: list[str]) -> str | None:
    """The grade_id of the instructor's cell that this one claims to be, if there is one."""
    claimed = (cell.claims or {}).get("grade_id")
    if not isinstance(claimed, str):
        return None
    if claimed in skeleton.cells:
        return claimed
    alike = [name for name in skeleton.cells if name.casefold() == claimed.strip().casefold()]
    if len(alike) != 1:
        return None
    remarks.append(f"{alike[0]}: was called {short(claimed)}")
    return alike[0]


def _counting(name: str, indices: list[int], cells: list[Cell], skeleton: Skeleton) -> int:
    """Which of several copies counts."""
    empty = {"", skeleton.released[name].strip()}
    own = skeleton.cells[name].get("id")
    return min(indices, key=lambda i: (cells[i].source.strip() in empty, cells[i].id != own, i))


def _in_order(cells: list[Cell], owner: dict[int, str], skeleton: Skeleton) -> list[str | Cell]:
    """What the repaired notebook holds: grade_ids in the instructor's order, other cells where they stood."""
    groups: dict[str | None, list[str | Cell]] = {None: []}
    last = None
    for index, cell in enumerate(cells):
        if index in owner:
            last = owner[index]
            groups[last] = []
        else:
            groups[last].append(cell)
    rows: list[list[str | Cell]] = [groups[None]]
    for name, known in skeleton.cells.items():
        if name in groups:
            rows.append([name, *groups[name]])
        else:
            rows[-1].insert(_place_for(known, rows[-1], skeleton), name)
    return [row for group in rows for row in group]


def _place_for(missing: NotebookNode, group: list[str | Cell], skeleton: Skeleton) -> int:
    """Where in a group a missing cell belongs.

    Between the instructor's ordinary cells that stood before and behind it, as far as they are there. In the
    room that this leaves, a test comes last and everything else first: what the student wrote there instead
    of the missing cell then runs behind the stub and before the test.
    """
    here = skeleton.places.get(missing.get("id") or "", 0)
    places = [skeleton.cells[row].get("id") if isinstance(row, str) else row.id for row in group]
    before = [i + 1 for i, identity in enumerate(places) if skeleton.places.get(identity or "", here) < here]
    behind = [i for i, identity in enumerate(places) if skeleton.places.get(identity or "", here) > here]
    first = max(before, default=0)
    last = min([i for i in behind if i >= first], default=len(group))
    return last if is_grade(missing) and not is_solution(missing) else first


def _known(name: str, found: dict[str, Cell], skeleton: Skeleton, remarks: list[str]) -> NotebookNode:
    """One of the instructor's cells, with the student's answer in it if it is to hold one."""
    cell = copy.deepcopy(skeleton.cells[name])
    submitted = found.get(name)
    if submitted is None:
        remarks.append(f"{name}: was missing, and is back as it was released")
        return cell
    if submitted.kind != cell.cell_type:
        remarks.append(f"{name}: was a {submitted.kind} cell, and is a {cell.cell_type} cell again")
    _remark_on_claims(name, submitted, cell, remarks)
    if not is_solution(cell):
        if _edited(submitted, cell, skeleton.released[name]):
            remarks.append(f"{name}: differs from what was released; the instructor's cell counts")
    elif submitted.source.strip():
        cell.source = submitted.source
        if submitted.attachments and cell.cell_type == "markdown":
            cell.attachments = nbformat.from_dict(submitted.attachments)
    elif cell.source.strip():
        remarks.append(f"{name}: was empty, and is back as it was released")
    return cell


def _remark_on_claims(name: str, submitted: Cell, cell: NotebookNode, remarks: list[str]) -> None:
    if submitted.claims is not None:
        expected = cell.metadata.nbgrader
        wrong = [flag for flag in FLAGS if not _same(submitted.claims.get(flag), expected.get(flag))]
        if wrong:
            remarks.append(f"{name}: its {', '.join(wrong)} differed; the instructor's setting counts")
    if (STEERING & set(submitted.tags)) - set(cell.metadata.get("tags", [])):
        remarks.append(f"{name}: its tags differed; the instructor's count")


def _same(claimed: object, expected: object) -> bool:
    """Whether two settings mean the same; a flag that is not there is not set."""
    return (claimed or False) == (expected or False) and isinstance(claimed, bool | int | float | None)


def _edited(submitted: Cell, cell: NotebookNode, released: str) -> bool:
    """Whether a locked cell is neither as released now nor as it was released when the student got it."""
    if submitted.source.rstrip() in (released.rstrip(), cell.source.rstrip()):
        return False
    as_it_came = copy.deepcopy(cell)
    as_it_came.source = submitted.source
    return (submitted.claims or {}).get("checksum") != compute_checksum(as_it_came)


def _remark_on_kernel(metadata: dict[str, Any], skeleton: Skeleton, remarks: list[str]) -> None:
    for part in ("kernelspec", "language_info"):
        said = metadata.get(part, {})
        name = said.get("name") if isinstance(said, dict) else said
        ours = skeleton.metadata.get(part, {}).get("name")
        if name is not None and name != ours:
            remarks.append(f"its {part} was {short(name)}; {short(ours)} counts")


def _notebook(rows: list[NotebookNode | Cell], skeleton: Skeleton, remarks: list[str]) -> NotebookNode:
    notebook = nbformat.v4.new_notebook(metadata=copy.deepcopy(skeleton.metadata))
    taken = {row.get("id") for row in rows if isinstance(row, NotebookNode)}
    steered = sum(isinstance(row, Cell) and bool(_steering(row, skeleton)) for row in rows)
    for place, row in enumerate(rows):
        wanted = row.id if isinstance(row, Cell) else None
        fresh = (f"cell-{place}-{n}" for n in range(len(rows) + 1))
        identity = wanted if wanted and wanted not in taken else next(i for i in fresh if i not in taken)
        if isinstance(row, Cell):
            row = _plain(row, identity, skeleton)
        else:
            row.setdefault("id", identity)
        taken.add(row.id)
        notebook.cells.append(row)
    if steered:
        remarks.append(
            f"{steered} cell{'s' if steered > 1 else ''}: tags that say how to run it were removed"
        )
    if remarks:
        shown = list(dict.fromkeys(remarks))
        if len(shown) > MAX_REMARKS:
            shown[MAX_REMARKS:] = [f"and {len(shown) - MAX_REMARKS} remarks more"]
        notebook.metadata["course_pkg"] = {"remarks": shown}
    return notebook


def _plain(cell: Cell, identity: str, skeleton: Skeleton) -> NotebookNode:
    """A cell that is no business of nbgrader's."""
    new = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }[cell.kind]
    tags = [tag for tag in cell.tags if tag not in _steering(cell, skeleton)]
    node = new(cell.source, id=identity, metadata={"tags": tags} if tags else {})
    if cell.attachments:
        node.attachments = nbformat.from_dict(cell.attachments)
    return node


def _steering(cell: Cell, skeleton: Skeleton) -> set[str]:
    """The cell's tags that steer a runner, unless the instructor put them there."""
    return (STEERING & set(cell.tags)) - set(skeleton.tags.get(cell.id or "", []))
