"""Chapter 4's figures draw what they are given, and its sentences say what the stored results say."""

import doctest
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from course_pkg.plots import curves
from course_pkg.plots.figure import INPUT, KERNEL, OUTPUT, SECOND
from course_pkg.training.results import load_results

BOOK = Path(__file__).parents[2] / "book"
ALT = "What there is to be seen, in words."


@pytest.fixture
def errors():
    return np.random.default_rng(3).uniform(size=(4, 6))  # (seeds, records)


def test_error_curves_draw_the_mean_and_the_range_of_the_seeds(errors):
    steps = [1, 3, 10, 30, 100, 300]
    figure = curves.error_curves(
        steps, {"one": {"a": errors, "b": errors / 2}, "two": {"b": errors}}, alt=ALT
    )
    first, second = figure.drawing.axes
    np.testing.assert_array_equal(first.lines[0].get_xdata(), steps)
    np.testing.assert_allclose(first.lines[0].get_ydata(), errors.mean(axis=0))
    low, high = first.collections[0].get_paths()[0].vertices[:, 1].min(), errors.max()
    assert low == errors.min()
    assert first.collections[0].get_paths()[0].vertices[:, 1].max() == high
    assert [line.get_color() for line in first.lines] == [OUTPUT, SECOND]
    assert second.lines[0].get_color() == SECOND  # a label keeps its colour
    assert first.get_xscale() == "log"


def test_signal_rows_draw_each_signal_in_its_panel():
    rng = np.random.default_rng(4)
    panels = {"a": rng.normal(size=7), "b": rng.normal(size=(2, 7)), "c": rng.normal(size=7)}
    figure = curves.signal_rows(panels, columns=2, alt=ALT)
    shown = [axes for axes in figure.drawing.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == list(panels)
    for axes, values in zip(shown, panels.values(), strict=True):
        np.testing.assert_array_equal([line.get_ydata() for line in axes.lines], np.atleast_2d(values))


def test_kernel_bank_draws_the_taps():
    kernels = np.random.default_rng(5).normal(size=(4, 3))
    figure = curves.kernel_bank(kernels, list("abcd"), columns=3, alt=ALT)
    shown = [axes for axes in figure.drawing.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == list("abcd")
    np.testing.assert_array_equal([[bar.get_height() for bar in axes.patches] for axes in shown], kernels)


def test_sparse_matrix_fills_exactly_the_weights_that_are_not_zero():
    matrix = np.array([[1.5, 0, -2], [0, 0, 3], [-1, 0, 0], [0, 4, 0]])
    [axes] = curves.sparse_matrix(matrix, rows_of=2, alt=ALT).drawing.axes
    drawn = {
        (round(bar.get_y() + 0.5), round(bar.get_x() + 0.5)): bar.get_facecolor() for bar in axes.patches
    }
    expected = {
        (int(i), int(j)): to_rgba(INPUT if matrix[i, j] > 0 else KERNEL)
        for i, j in zip(*np.nonzero(matrix), strict=True)
    }
    assert drawn == expected
    assert len(axes.lines) == 1  # between the two channels


GOOD = {"test": {"net": [[0.5, 0.2]]}}


@pytest.mark.parametrize(
    ("call", "error", "names"),
    [
        (lambda: curves.error_curves([0, 10], GOOD, alt=ALT), ValueError, "steps"),
        (lambda: curves.error_curves([10, 1], GOOD, alt=ALT), ValueError, "steps"),
        (lambda: curves.error_curves(["a", "b"], GOOD, alt=ALT), TypeError, "steps"),
        (lambda: curves.error_curves([1, 2], {}, alt=ALT), ValueError, "panels"),
        (lambda: curves.error_curves([1, 2, 3], GOOD, alt=ALT), ValueError, r"\(seeds, 3\)"),
        (
            lambda: curves.error_curves([1, 2], {"test": {"net": [[50, 20]]}}, alt=ALT),
            ValueError,
            "fractions",
        ),
        (
            lambda: curves.error_curves([1, 2], {"t": {n: [[0.5, 0.2]] for n in "abcd"}}, alt=ALT),
            ValueError,
            "one to three",
        ),
        (lambda: curves.signal_rows({}, alt=ALT), ValueError, "panels"),
        (lambda: curves.signal_rows({"a": []}, alt=ALT), ValueError, "a"),
        (lambda: curves.signal_rows({"a": [1, 2]}, columns=0, alt=ALT), ValueError, "columns"),
        (lambda: curves.signal_rows({"a": "wave"}, alt=ALT), TypeError, "a"),
        (lambda: curves.kernel_bank([[1, 2]], ["a", "b"], alt=ALT), ValueError, "titles"),
        (lambda: curves.kernel_bank([1, 2], ["a", "b"], alt=ALT), ValueError, "kernels"),
        (lambda: curves.sparse_matrix([[1, 0]] * 3, rows_of=2, alt=ALT), ValueError, "rows_of"),
        (lambda: curves.sparse_matrix([[1, 0]], rows_of=1, alt=""), ValueError, "alt"),
    ],
)
def test_bad_input_is_named(call, error, names):
    with pytest.raises(error, match=names):
        call()


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(curves).failed == 0
    assert doctest.testmod(curves).attempted >= 4


def test_the_errors_in_the_summary_are_those_of_the_stored_run():
    chapter = nbformat.read(BOOK / "one_dimension" / "mnist1d.ipynb", as_version=4)
    card, _ = load_results("mnist1d", BOOK / "results")
    [summary] = [cell.source for cell in chapter.cells if cell.id == "summary"]
    for run in ("convolutional", "fully_connected"):
        percent = 100 * np.mean(card["runs"][run]["final_test_error"])
        assert f"{percent:.0f} %" in summary
        assert max(card["runs"][run]["final_train_error"]) == 0
