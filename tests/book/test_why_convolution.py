"""The figures of chapter 1 draw the values they are given and refuse what they cannot draw."""

from itertools import pairwise

import numpy as np
import pytest

from course_pkg.plots import images
from course_pkg.plots.figure import OUTPUT, SECOND

ALT = "A sentence that says what is to be seen."


def axes_of(figure):
    return figure.drawing.axes


def lines_of(axes):
    return [line.get_xydata() for line in axes.get_lines()]


def test_image_rows_show_every_image_of_every_row_with_black_0_and_white_1():
    rows = {name: np.random.default_rng(i).random((3, 4, 5)) for i, name in enumerate("ab")}
    figure = images.image_rows(rows, alt=ALT)
    assert [axes.get_title(loc="left") for axes in axes_of(figure)] == ["a", "b"]
    for axes, given in zip(axes_of(figure), rows.values(), strict=True):
        np.testing.assert_array_equal([shown.get_array() for shown in axes.get_images()], given)
        assert {shown.get_clim() for shown in axes.get_images()} == {(0, 1)}
        ends = [shown.get_extent()[:2] for shown in axes.get_images()]
        assert all(right < left for (_, right), (left, _) in pairwise(ends)), "overlap"


def test_comparison_draws_the_mean_over_seeds_and_the_range():
    seeds = np.array([[1.0, 2.0, 3.0], [3.0, 4.0, 9.0]])
    figure = images.comparison([0, 1, 2], {"many": seeds, "one": [5, 6, 7]}, "x", "y", alt=ALT)
    [axes] = axes_of(figure)
    many, one = lines_of(axes)
    np.testing.assert_array_equal(many, [[0, 2], [1, 3], [2, 6]])
    np.testing.assert_array_equal(one, [[0, 5], [1, 6], [2, 7]])
    band = axes.collections[0].get_paths()[0].vertices
    for x, (low, high) in enumerate(zip(seeds.min(0), seeds.max(0), strict=True)):
        assert {low, high} <= set(band[band[:, 0] == x, 1])


def test_seed_errors_put_each_run_on_the_line_of_its_network_in_the_networks_colour():
    groups = {"plain": {"a": [0.1, 0.2], "b": [0.3]}, "shuffled": {"a": [0.4], "b": [0.5]}}
    figure = images.seed_errors(groups, alt=ALT)
    for axes, group in zip(axes_of(figure), groups.values(), strict=True):
        for row, (line, errors) in enumerate(zip(axes.get_lines(), group.values(), strict=True)):
            np.testing.assert_array_equal(line.get_xdata(), errors)
            assert set(line.get_ydata()) == {row}
            assert line.get_color() == [OUTPUT, SECOND][row]


def test_counts_draw_bars_up_to_the_values_and_write_them():
    figure = images.counts({"few": 20, "many": 3_000_000}, xlabel="weights", alt=ALT)
    [axes] = axes_of(figure)
    assert [bar.get_x() + bar.get_width() for bar in axes.patches] == [20, 3_000_000]
    assert [text.get_text() for text in axes.texts] == ["few: 20", "many: 3,000,000"]


def test_links_join_what_has_a_weight_and_give_equal_weights_equal_lines():
    matrix = np.array([[4, 7, 0, 0], [0, 4, 7, 0], [0, 0, 4, 7]])
    figure = images.links({"a layer": matrix}, alt=ALT)
    [axes] = axes_of(figure)
    joined = {(start, end - 0.5) for (start, _), (end, _) in lines_of(axes)}  # outputs stand half a unit in
    assert joined == {(n, m) for m, n in zip(*np.nonzero(matrix), strict=True)}
    styles = {}
    for line, weight in zip(axes.get_lines(), matrix[np.nonzero(matrix)], strict=True):
        styles.setdefault(weight, set()).add(str(line.get_linestyle()))
    assert all(len(used) == 1 for used in styles.values())
    assert styles[4] != styles[7]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: images.image_rows({}, alt=ALT), "rows: expected rows of one length"),
        (
            lambda: images.image_rows({"a": np.zeros((2, 3))}, alt=ALT),
            r"rows\['a'\]: .* rank 3 or 4, got shape \(2, 3\)",
        ),
        (
            lambda: images.image_rows({"a": np.zeros((2, 3, 3)), "b": np.zeros((1, 3, 3))}, alt=ALT),
            r"got lengths \[1, 2\]",
        ),
        (
            lambda: images.comparison([0, 1], {"a": [1, 2, 3]}, "x", "y", alt=ALT),
            "expected 2 points, .* got 3",
        ),
        (lambda: images.comparison([0, 1], {}, "x", "y", alt=ALT), "curves: expected one to 3 labels, got 0"),
        (lambda: images.seed_errors({"a": {"net": [7]}}, alt=ALT), "expected fractions from 0 to 1"),
        (lambda: images.seed_errors({"a": {"p": [0]}, "b": {"q": [0]}}, alt=ALT), "expected the labels"),
        (
            lambda: images.counts({"none": 0}, xlabel="weights", alt=ALT),
            "values: expected counts of at least 1",
        ),
        (lambda: images.links({}, alt=ALT), "layers: expected at least one"),
        (lambda: images.links({"a": [1, 2]}, alt=ALT), r"layers\['a'\]: .* rank 2, got shape \(2,\)"),
    ],
)
def test_bad_values_are_refused_by_name(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
