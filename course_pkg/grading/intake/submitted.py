"""Read the bytes of a submitted notebook, however damaged, into cells that are well-formed."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

MAX_BYTES = 25_000_000  # of the file; if they are all empty lists, reading them takes 0.7 GB of memory
MAX_CELLS = 2_000
MAX_SOURCE = 5_000_000  # characters in all cells together

# a pasted picture may be part of an answer; other kinds could carry scripts into the marker's browser
PICTURES = {"image/png", "image/jpeg", "image/gif"}

_CONFLICT = re.compile(r"^(<{7} .*|={7}|>{7} .*)$", re.MULTILINE)
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Unreadable(ValueError):
    """A submitted file that cannot be graded; its text says why, in one line for the instructor."""


@dataclass(frozen=True)
class Cell:
    """One cell of a submission.

    Attributes
    ----------
    kind : str
        "code", "markdown" or "raw".
    source : str
        The text, which can always be encoded as UTF-8.
    id : str or None
        The cell's own id, where it has a valid one.
    claims : dict or None
        What it says about itself to nbgrader. Nothing in it has been checked.
    tags : tuple of str
        Each once, and without commas.
    attachments : dict
        Pictures by name: ``{name: {mime type: base64 text}}``.
    """

    kind: str
    source: str
    id: str | None
    claims: dict[str, Any] | None
    tags: tuple[str, ...]
    attachments: dict[str, dict[str, str]]


def read_submitted(data: bytes, remarks: list[str]) -> tuple[dict[str, Any], list[Cell]]:
    """The notebook's metadata and cells.

    Parameters
    ----------
    data : bytes
        The file.
    remarks : list of str
        Gets one line for each kind of damage that was mended.

    Returns
    -------
    metadata : dict
        As it came: nothing in it has been checked.
    cells : list of Cell

    Raises
    ------
    Unreadable
        If no cells can be had from the file.

    Examples
    --------
    >>> remarks = []
    >>> file = b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": ["a = 1"]}]}'
    >>> metadata, [cell] = read_submitted(file, remarks)
    >>> cell.kind, cell.source, remarks
    ('code', 'a = 1', [])
    """
    notebook = _parse(_decode(data, remarks), remarks)
    raw_cells = _cells_of(notebook, remarks)
    if len(raw_cells) > MAX_CELLS:
        raise Unreadable(f"the notebook has {len(raw_cells)} cells, expected at most {MAX_CELLS}")
    mended: dict[str, int] = {}

    def note(damage: str) -> None:
        mended[damage] = mended.get(damage, 0) + 1

    cells = [_cell(raw, note) for raw in raw_cells if isinstance(raw, dict)]
    for _ in range(len(raw_cells) - len(cells)):
        note("was not a cell at all, and is left out")
    size = sum(len(cell.source) for cell in cells)
    if size > MAX_SOURCE:
        raise Unreadable(f"the cells hold {size} characters, expected at most {MAX_SOURCE}")
    remarks += [f"{n} cell{'s' if n > 1 else ''}: {damage}" for damage, n in mended.items()]
    metadata = notebook.get("metadata")
    if not isinstance(metadata, dict):
        remarks.append("the notebook's metadata were missing or damaged")
        metadata = {}
    return metadata, _with_own_ids(cells, remarks)


def _decode(data: bytes, remarks: list[str]) -> str:
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has more than {MAX_BYTES // 1_000_000} MB")
    if not data.strip(b" \t\r\n\0"):
        raise Unreadable("the file is empty")
    encoding = json.detect_encoding(data)
    if encoding != "utf-8":
        what = "a byte-order mark" if encoding == "utf-8-sig" else encoding.upper()
        remarks.append(f"the file was written with {what}, expected plain UTF-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if not encoding.startswith("utf-8"):
            raise Unreadable(f"the file begins like {encoding.upper()} and is not") from None
    remarks.append("the file was not UTF-8; it was read as Latin-1, so letters with accents may be wrong")
    return data.decode("latin-1")


def _parse(text: str, remarks: list[str]) -> dict[str, Any]:
    odd: set[str] = set()

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) < len(found):
            odd.add("a name stood twice in the file's JSON; the last one counts")
        return made

    def number(kind: Callable[[str], Any], text: str) -> Any:
        if len(text) <= 30 and abs(value := kind(text)) < 1e300:
            return value
        odd.add("numbers that are too large were left out")
        return None

    def constant(name: str) -> None:
        odd.add(f"{name} is not JSON and was left out")

    try:
        notebook = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_int=lambda text: number(int, text),
            parse_float=lambda text: number(float, text),
            parse_constant=constant,
        )
    except RecursionError:
        raise Unreadable("the file is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Unreadable(_why_not_json(text, error)) from None
    if not isinstance(notebook, dict):
        raise Unreadable(f"the file is JSON, but a {type(notebook).__name__} and no notebook")
    remarks += sorted(odd)
    return notebook


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    marker = _CONFLICT.search(text)
    if marker:
        line = text.count("\n", 0, marker.start()) + 1
        return f"the file holds the conflict markers of a merge (line {line})"
    if text.lstrip()[:1] == "{" and (
        error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    ):
        return f"the file is cut off after {len(text)} characters"
    return f"the file is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"


def _cells_of(notebook: dict[str, Any], remarks: list[str]) -> list[Any]:
    version = notebook.get("nbformat")
    cells = notebook.get("cells")
    if version == 3 and cells is None:
        cells = _cells_of_format_3(notebook.get("worksheets"))
        remarks.append("the notebook had the old format 3; it was read as format 4")
    elif version in (None, "4", "3", 3) and isinstance(cells, list):
        remarks.append(f"the notebook gave its format as {short(version)}; it was read as format 4")
    elif version != 4 or isinstance(version, bool):
        raise Unreadable(f"the notebook has format {short(version)}, expected 4")
    if not isinstance(cells, list):
        what = "has no cells" if cells is None else f"has a {type(cells).__name__} for cells"
        raise Unreadable(f"the notebook {what}, expected a list of them")
    return cells


def _cells_of_format_3(sheets: Any) -> list[Any] | None:
    """The cells of all worksheets in the shape of format 4; damaged ones stay, to be mended like others.

    nbformat's own upgrade stops at the first damaged cell, and logs the whole notebook.
    """
    if not isinstance(sheets, list):
        return None
    cells: list[Any] = []
    for sheet in sheets:
        found = sheet.get("cells") if isinstance(sheet, dict) else None
        cells += found if isinstance(found, list) else []
    return [_upgraded(cell) if isinstance(cell, dict) else cell for cell in cells]


def _upgraded(cell: dict[str, Any]) -> dict[str, Any]:
    if cell.get("cell_type") == "code":
        return cell | {"source": cell.get("input", "")}
    level = cell.get("level")
    if cell.get("cell_type") == "heading" and isinstance(level, int) and 1 <= level <= 6:
        text = cell.get("source", "")
        return cell | {
            "cell_type": "markdown",
            "source": [f"{'#' * level} ", *(text if isinstance(text, list) else [text])],
        }
    return cell


def _cell(raw: dict[str, Any], note: Callable[[str], None]) -> Cell:
    """A well-formed cell; `note` hears what had to be mended."""
    kind = raw.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        note("of an unknown type, kept as raw text")
        kind = "raw"
    metadata = raw.get("metadata", {})
    if not isinstance(metadata, dict):
        note("its metadata were damaged")
        metadata = {}
    claims = metadata.get("nbgrader")
    if claims is not None and not isinstance(claims, dict):
        note("what it said to nbgrader was damaged")
        claims = None
    identity = raw.get("id")
    return Cell(
        kind=kind,
        source=_source(raw.get("source", ""), note),
        id=identity if isinstance(identity, str) and _ID.fullmatch(identity) else None,
        claims=claims,
        tags=_tags(metadata.get("tags", []), note),
        attachments=_attachments(raw.get("attachments", {}), note) if kind != "code" else {},
    )


def _source(raw: Any, note: Callable[[str], None]) -> str:
    lines = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(line, str) for line in lines):
        note("what was not text in its source is left out")
    text = "".join(line for line in lines if isinstance(line, str))
    sound = text.encode(errors="replace").decode()
    if sound != text:
        note("characters that do not exist were replaced by question marks")
    return sound


def _tags(raw: Any, note: Callable[[str], None]) -> tuple[str, ...]:
    tags = raw if isinstance(raw, list) else [None]
    good = [tag for tag in tags if isinstance(tag, str) and tag and "," not in tag and tag.isprintable()]
    if len(good) < len(tags):
        note("its tags were damaged")
    return tuple(dict.fromkeys(good))


def _attachments(raw: Any, note: Callable[[str], None]) -> dict[str, dict[str, str]]:
    files = raw if isinstance(raw, dict) else {"": None}
    good = {
        name: kinds
        for name, kinds in files.items()
        if isinstance(kinds, dict)
        and all(
            kind in PICTURES and isinstance(content, str) and content.isascii()
            for kind, content in kinds.items()
        )
        and name.isprintable()
    }
    if len(good) < len(files):
        note("what was attached to it is no picture, and is left out")
    return good


def _with_own_ids(cells: Iterable[Cell], remarks: list[str]) -> list[Cell]:
    """The cells, where an id counts only for the first cell that has it."""
    seen: set[str] = set()
    kept, twice = [], 0
    for cell in cells:
        if cell.id in seen:
            twice += 1
            cell = replace(cell, id=None)
        elif cell.id is not None:
            seen.add(cell.id)
        kept.append(cell)
    if twice:
        remarks.append(f"{twice} cell{'s' if twice > 1 else ''}: had the id of another cell")
    return kept


def short(value: object) -> str:
    """How a value from a submission prints, in at most 40 characters."""
    text = repr(value) if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
    return text if len(text) <= 40 else text[:39] + "…"
