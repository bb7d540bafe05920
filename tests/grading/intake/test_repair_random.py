"""Anything at all done to a notebook: it is repaired or rejected, and nothing else happens."""

import copy
import json

import nbformat
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.grading.assignments import bank
from course_pkg.grading.assignments.release import ROOT
from course_pkg.grading.intake.repair import Unreadable, repair

A1 = "a1_convolution_1d"
SOURCE = bank.source_notebook(A1)
RELEASED = nbformat.read(ROOT / "assignments" / A1 / f"{A1}.ipynb", as_version=4)


def facts(cell):
    return cell.metadata.get("nbgrader")


def known(notebook):
    """The nbgrader cells by name, in order."""
    return {facts(cell).grade_id: cell for cell in notebook.cells if facts(cell)}


NAMES = list(known(SOURCE))


def values():
    """Any JSON value, nested now and then."""
    flat = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    return st.recursive(
        flat,
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
        max_leaves=5,
    )


KEYS = ["cell_type", "source", "metadata", "id", "outputs", "attachments", "execution_count"]
CLAIMS = [
    "grade",
    "solution",
    "locked",
    "task",
    "points",
    "schema_version",
    "grade_id",
    "checksum",
    "cell_type",
]
BASE = json.dumps(bank.fill(RELEASED, bank.load(A1, "correct")[0].source))


@st.composite
def mutated(draw):
    """A sound notebook after up to eight random changes of its cells and metadata."""
    notebook = json.loads(BASE)
    cells = notebook["cells"]
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, max(len(cells) - 1, 0)))
        match draw(
            st.sampled_from(["drop", "cut", "copy", "move", "shuffle", "field", "claim", "top", "meta"])
        ):
            case "drop":
                del cells[at : at + 1]
            case "cut":
                del cells[at:]
            case "copy":
                cells[at:at] = copy.deepcopy(cells[at : at + 3])
            case "move":
                cells[at:at] = cells[-2:]
            case "shuffle":
                draw(st.randoms(use_true_random=False)).shuffle(cells)
            case "field" if cells and isinstance(cells[at], dict):
                cells[at][draw(st.sampled_from(KEYS))] = draw(values())
            case "claim" if (
                cells and isinstance(cells[at], dict) and isinstance(cells[at].get("metadata"), dict)
            ):
                claims = cells[at]["metadata"].setdefault("nbgrader", {})
                if isinstance(claims, dict):
                    claims[draw(st.sampled_from(CLAIMS))] = draw(values() | st.sampled_from(NAMES))
            case "top":
                notebook[draw(st.sampled_from(["nbformat", "nbformat_minor", "metadata", "cells"]))] = draw(
                    values()
                )
                cells = notebook["cells"] if isinstance(notebook["cells"], list) else []
            case "meta" if isinstance(notebook["metadata"], dict):
                notebook["metadata"][draw(st.sampled_from(["kernelspec", "language_info", "course_pkg"]))] = (
                    draw(values())
                )
    return notebook


def sound_or_unreadable(content, check_invariants):
    reason = None
    try:
        mended = repair(content, SOURCE)
    except Unreadable as error:
        reason = str(error)
    if reason is None:
        check_invariants(mended)
        assert repair(content, SOURCE) == mended
    else:
        assert 0 < len(reason) < 200
        assert "\n" not in reason


@given(mutated())
@settings(max_examples=150)
def test_any_change_of_the_cells(check_invariants, notebook):
    sound_or_unreadable(json.dumps(notebook).encode(), check_invariants)


@given(st.lists(st.tuples(st.integers(0, len(BASE)), st.binary(max_size=3)), min_size=1, max_size=5))
@settings(max_examples=150)
def test_any_change_of_the_bytes(check_invariants, changes):
    content = bytearray(BASE.encode())
    for at, put in changes:
        content[at : at + len(put)] = put
    sound_or_unreadable(bytes(content), check_invariants)


@given(st.binary() | values().map(lambda value: json.dumps(value).encode()))
@settings(max_examples=150)
def test_any_file(check_invariants, content):
    sound_or_unreadable(content, check_invariants)
