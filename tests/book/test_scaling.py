"""The page on scaling: its ring adds up, its clock keeps order; what was measured; its figures."""

import ast
import doctest
import json
from pathlib import Path

import nbformat
import numpy as np
import pytest

from course_pkg.plots import scaling
from course_pkg.plots.scaling import Span

ROOT = Path(__file__).parents[2]
ALT = "What there is to be seen, in words."


@pytest.fixture(scope="module")
def page():
    """The functions that the page defines, by name."""
    notebook = nbformat.read(ROOT / "book" / "gpu" / "scaling.ipynb", as_version=4)
    defined = {"np": np, "scaling": scaling}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef) and node.name in ("ring_all_reduce", "one_step"):
                    exec(compile(ast.Module([node], []), "page", "exec"), defined)
    return defined


def test_examples_in_docstrings():
    result = doctest.testmod(scaling)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("processes", [2, 3, 5, 8])
def test_the_ring_adds_up_and_sends_as_little_as_the_formula_says(page, processes):
    values = np.random.default_rng(processes).normal(size=(processes, processes, 7))
    expected, sent = values.sum(axis=0), np.zeros(processes)
    rounds = list(page["ring_all_reduce"](values, sent))
    assert len(rounds) == 2 * (processes - 1)
    np.testing.assert_allclose(rounds[-1], np.broadcast_to(expected, values.shape), rtol=1e-12)
    assert sent.tolist() == [2 * (processes - 1) / processes * expected.nbytes] * processes
    half = rounds[processes - 2]  # by now each has one whole chunk, and no two the same
    whole = np.isclose(half, expected).all(axis=2)
    assert whole.sum(axis=0).tolist() == whole.sum(axis=1).tolist() == [1] * processes


def test_a_gradient_leaves_when_it_is_finished_and_the_cable_free(page):
    layers = [("a", 5, 3), ("b", 50, 1), ("c", 7, 2)]  # name, parameters, multiply-adds
    computing, sending = page["one_step"](layers, 2.0, lambda size: size / 40)
    assert [span.name for span in computing] == ["a", "b", "c", "c′", "b′", "a′"]
    assert [span.end - span.start for span in computing] == [6, 2, 4, 8, 4, 12]
    assert computing[-1].end == 36
    # c is finished at 20 and takes 0.7; b at 24, 5; a at 36, 0.5
    np.testing.assert_allclose([span[1:] for span in sending], [(20, 20.7), (24, 29), (36, 36.5)])
    _, slow = page["one_step"](layers, 2.0, lambda size: size)
    np.testing.assert_allclose([span[1:] for span in slow], [(20, 48), (48, 248), (248, 268)])


def test_the_measured_figures_are_whole():
    measured = json.loads((ROOT / "book" / "results" / "scaling.json").read_text())
    sizes, seconds = np.array(measured["all_reduce"]).T
    assert sizes[-1] == 4 * 62_378_344
    assert (np.diff(sizes) > 0).all()
    assert (seconds > 0).all()
    batches = [batch for batch, _ in measured["step"]]
    for name in ("forward", "step", "together"):
        assert [batch for batch, _ in measured[name]] == batches
        assert all(taken > 0 for _, taken in measured[name])
    assert 8 in batches
    assert measured["decoded_a_second"] > 0


def test_a_figure_holds_what_it_was_given():
    drawn = scaling.ring([np.ones((3, 3)), np.full((3, 3), 3)], titles=["a", "b"], alt=ALT)
    first, second = drawn.drawing.axes
    assert [text.get_text() for text in second.texts] == ["3"] * 9
    assert first.get_title() == "a"
    axes = scaling.step_times([1, 2], compute=[2, 2], communication=[0, 1], overlapped=[2, 2.5], alt=ALT)
    [bars, behind] = axes.drawing.axes[0].containers
    assert [bar.get_height() for bar in bars] == [2, 2]
    assert [(bar.get_y(), bar.get_height()) for bar in behind] == [(2, 0), (2, 1)]
    spans = scaling.step_on_the_clock([Span("a", 0, 2)], [Span("a", 2, 5)], alt=ALT)
    widths = [bar.get_width() for container in spans.drawing.axes[0].containers for bar in container]
    assert widths == [2, 3]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: scaling.ring([[[1]]], titles=[], alt=ALT), "titles: got 0 for 1 moments"),
        (lambda: scaling.ring([[[1]], [[1, 2]]], titles=["a", "b"], alt=ALT), r"b: got shape \(1, 2\)"),
        (lambda: scaling.step_on_the_clock([], [], alt=ALT), "got nothing to draw"),
        (
            lambda: scaling.step_on_the_clock([Span("a", 2, 1)], [Span("a", 0, 1)], alt=ALT),
            "a: got an end at 1",
        ),
        (
            lambda: scaling.step_times([1], compute=[1, 2], communication=[1], overlapped=[1], alt=ALT),
            r"compute: got shape \(2,\)",
        ),
        (
            lambda: scaling.step_times([0], compute=[1], communication=[1], overlapped=[1], alt=ALT),
            "got numbers below 1 or 0",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
