"""What students get: what is generated, without anything hidden, kind to those who have written nothing."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from course_pkg.grading.assignments import bank
from course_pkg.grading.assignments.release import ROOT, generate

RELEASED = sorted((ROOT / "assignments").glob("*/*.ipynb"))
NAMES = [path.stem for path in RELEASED]


def graded(notebook, kind="code"):
    return [c for c in notebook.cells if c.cell_type == kind and c.metadata.get("nbgrader", {}).get("grade")]


def lines_of(text):
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 15}


def secret_lines(notebook, region):
    """Lines of such a region in the instructor's copy; a hidden test may repeat a line of a visible one."""
    pattern = re.compile(f"### BEGIN {region}\n(.*?)### END {region}", re.DOTALL)
    inside = {
        line for cell in notebook.cells for found in pattern.findall(cell.source) for line in lines_of(found)
    }
    outside = {line for cell in notebook.cells for line in lines_of(pattern.sub("", cell.source))}
    return inside - outside if region == "HIDDEN TESTS" else inside


def test_committed_copies_are_what_is_generated(tmp_path):
    written = generate(tmp_path)
    assert [path.relative_to(tmp_path) for path in written] == [
        path.relative_to(ROOT / "assignments") for path in RELEASED
    ]
    for fresh, committed in zip(written, RELEASED, strict=True):
        assert fresh.read_text() == committed.read_text(), (
            f"{committed} is not what `make assignments` generates"
        )


def test_every_source_is_released():
    assert sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb")) == NAMES


@pytest.mark.parametrize("path", RELEASED, ids=NAMES)
def test_nothing_hidden_leaks(path):
    text, source = path.read_text(), bank.source_notebook(path.stem)
    for word in ("HIDDEN", "hidden_test", "SOLUTION"):
        assert word not in text
    released = {line for cell in nbformat.reads(text, 4).cells for line in lines_of(cell.source)}
    for region, at_least in (("SOLUTION", 40), ("HIDDEN TESTS", 100)):
        secrets = secret_lines(source, region)
        assert len(secrets) > at_least
        assert not secrets & released
    for answer in graded(source, "markdown"):
        assert answer.source not in text
        assert not lines_of(answer.source) & released


@pytest.mark.parametrize("path", RELEASED, ids=NAMES)
def test_no_outputs_leak(path):
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("name", NAMES)
def test_parts_are_in_order(name):
    notebook = bank.source_notebook(name)
    parts = graded(notebook)
    assert 6 <= len(parts) + len(graded(notebook, "markdown")) <= 10
    assert len(graded(notebook, "markdown")) == 1
    for cell in parts:
        facts = cell.metadata.nbgrader
        assert f'part = Part("{facts.grade_id}", points={facts.points:g})' in cell.source
        assert "@part.test(" in cell.source.split("### BEGIN HIDDEN TESTS")[0]
        assert "@part.hidden_test(" in cell.source
        assert cell.source.endswith("part.score()")
        assert facts.locked
    drawn = [c for c in notebook.cells if any("image/png" in o.get("data", {}) for o in c.get("outputs", []))]
    assert len(drawn) >= len(parts) / 2


@pytest.mark.parametrize("name", NAMES)
def test_stubs_have_docstrings_that_hold(name):
    """The examples in the docstrings are what the reference gives."""
    import doctest

    names = {}
    for cell in bank.source_notebook(name).cells:
        if cell.cell_type == "code" and ("solution" in cell.metadata.get("nbgrader", {})):
            facts = cell.metadata.nbgrader
            if not facts.grade:
                exec(cell.source, names)
    functions = {
        n: f for n, f in names.items() if getattr(f, "__code__", None) and f.__module__ == "builtins"
    }
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    for name, function in functions.items():
        assert "Returns" in function.__doc__, name
        for test in finder.find(function, name, globs=names, module=False):
            assert runner.run(test).failed == 0, name


@pytest.mark.parametrize("path", RELEASED, ids=NAMES)
def test_an_untouched_copy_says_so_and_nothing_else_fails(path, tmp_path):
    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        coalesce_streams=True,  # a slow machine sends one text in pieces
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        errors = [o for o in cell.outputs if o.output_type == "error"]
        if cell.metadata.get("nbgrader", {}).get("grade"):
            assert [error.ename for error in errors] == ["PartFailedError"]
            assert errors[0].evalue.endswith("not written yet")
            assert len(errors[0].traceback) == 1
        else:
            assert errors == []
        assert not [o for o in cell.outputs if o.get("name") == "stderr"]
        if "with WhenWritten" in cell.source:
            assert [o.output_type for o in cell.outputs] == ["stream"]
            assert cell.outputs[0].text.startswith("nothing to see yet")
