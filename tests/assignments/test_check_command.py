"""`python -m course_pkg check NOTEBOOK`, as a student runs it."""

import re

import nbformat
import pytest

from course_pkg.__main__ import main
from course_pkg.checks import notebook
from course_pkg.grading.assignments import bank
from course_pkg.grading.assignments.release import ROOT

ASSIGNMENT = "a1_convolution_1d"
COPY = ROOT / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


@pytest.fixture(scope="module")
def windows():
    return next(s for s in bank.load(ASSIGNMENT, "correct") if s.name == "windows")


def save(cells, folder):
    path = folder / "mine.ipynb"
    nbformat.write(cells, path)
    return path


def test_a_finished_copy(windows, tmp_path, capsys):
    path = save(bank.fill(nbformat.read(COPY, 4), windows.source), tmp_path)
    before = path.read_bytes()
    assert main(["check", str(path)]) == 0
    assert path.read_bytes() == before
    told = capsys.readouterr().out
    assert "convolve: the visible tests pass; hidden tests decide its 4 points at grading" in told
    assert "in-your-own-words: 4 points, read by a person" in told
    assert "✗" not in told


def test_a_copy_with_a_mistake_and_an_unwritten_part(windows, tmp_path, capsys):
    mistake = next(s for s in bank.load(ASSIGNMENT, "wrong") if s.name == "match_flipped")
    copy = bank.fill(bank.fill(nbformat.read(COPY, 4), windows.source), mistake.source)
    path = save(bank.fill(copy, "def pad(x, left, right, mode):\n    raise NotImplementedError\n"), tmp_path)
    assert main(["check", str(path)]) == 1
    told = capsys.readouterr().out
    assert "pad: pad is not written yet" in told
    assert "✗ the example by hand — match: the template was flipped" in told
    assert "peaks: the visible tests pass" in told
    assert told.endswith("There is still something to do.\n")


def test_a_test_cell_that_was_destroyed(tmp_path, capsys):
    cells = nbformat.v4.new_notebook(
        cells=[c for c in nbformat.read(COPY, 4).cells if c.cell_type == "code"][:4]
    )
    cells.cells[-1].source = "1 / 0"
    assert notebook.check(save(cells, tmp_path)) == 1
    assert "convolve: its test cell did not run to its end" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no notebook"),
        (b"", "cannot be read as a notebook"),
        (b'{"cells": [', "cannot be read as a notebook"),
        (b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cannot be read as a notebook"),
        (b'{"cells": 3}', "cannot be read as a notebook"),
        (b"\xff\xfe{\x00}\x00", "cannot be read as a notebook"),
        (b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "has no graded parts"),
    ],
)
def test_files_that_are_no_assignment(content, words, tmp_path, capsys):
    path = tmp_path / "mine.ipynb"
    if content is not None:
        path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_a_folder_is_no_notebook(tmp_path, capsys):
    assert main(["check", str(tmp_path)]) == 2
    assert "cannot be read as a notebook" in capsys.readouterr().err


def run_alone(source, folder):
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata.nbgrader = {
        "grade": True,
        "grade_id": "one",
        "points": 1,
        "locked": True,
        "solution": False,
        "schema_version": 3,
    }
    return notebook.check(save(nbformat.v4.new_notebook(cells=[cell]), folder))


def test_an_endless_loop_costs_its_part_only(windows, tmp_path, capsys, monkeypatch):
    never_ends = (
        "def find_peaks(scores, threshold, distance):\n    while scores[0] != 1: pass\n    return [1, 4, 6]"
    )
    copy = bank.fill(bank.fill(nbformat.read(COPY, 4), windows.source), never_ends)
    monkeypatch.setattr(notebook, "TIME_LIMIT", 6)
    assert notebook.check(save(copy, tmp_path)) == 1
    told = capsys.readouterr()
    assert told.err == ""
    assert "✗ a peak at the very beginning — not run" in told.out
    assert re.search(r"✗ .* — find_peaks was still running when its time was over: is there an endless", told.out)
    assert "A cell was stopped after 6 seconds: is there an endless loop? It begins with `beats =" in told.out
    assert "match: the visible tests pass" in told.out
    assert "challenge: the visible tests pass" in told.out


def test_a_loop_that_cannot_be_interrupted_and_a_dead_kernel(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(notebook, "TIME_LIMIT", 2)
    monkeypatch.setattr(notebook, "PATIENCE", 1)
    stubborn = "import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: continue"
    assert run_alone(stubborn, tmp_path) == 1
    told = capsys.readouterr().out
    assert "a cell runs on and cannot be stopped: is there an endless loop?" in told
    assert "one: its test cell did not run to its end" in told
    monkeypatch.setattr(notebook, "TIME_LIMIT", 60)
    assert run_alone("import os; os._exit(1)", tmp_path) == 2
    assert "a cell ended Python itself" in capsys.readouterr().err
