"""Chapter 3: its figures draw what they are given, and its loop is the layer that PyTorch computes."""

import doctest
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import Rectangle

from course_pkg.plots import layers, matrices
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, SECOND

CHAPTER = Path(__file__).parents[2] / "book" / "one_dimension" / "conv_layers_1d.ipynb"
X, W = [2, 5, 1, 0, 3, 4], [1, 2, -1]


def texts(axes):
    return [text.get_text().replace("−", "-") for text in axes.texts]


@cache
def chapter_function(cell_id, name):
    """A function that the chapter defines, from the cell that the reader sees."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    namespace = {"np": np}
    exec(cells[cell_id], namespace)
    return namespace[name]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
)
def test_the_loop_of_the_chapter_is_pytorchs_layer(seed, channels, kernel, stride, padding, dilation):
    random = np.random.default_rng(seed)
    x, w = random.normal(size=(channels[0], 11)), random.normal(size=(channels[1], channels[0], kernel))
    b = random.normal(size=channels[1])
    expected = torch.nn.functional.conv1d(*map(torch.from_numpy, (x, w, b)), stride, padding, dilation)
    loop = chapter_function("loop_channels", "conv_layer")
    np.testing.assert_allclose(loop(x, w, b, stride, padding, dilation), expected.numpy(), atol=1e-12)
    if channels == (1, 1):
        loop = chapter_function("loop_full", "conv_layer")
        np.testing.assert_allclose(
            loop(x[0], w[0, 0], b[0], stride, padding, dilation), expected[0].numpy(), atol=1e-12
        )


def test_wiring_writes_every_value_and_the_weights_of_one_output():
    panels = [layers.Panel("valid", W, [11, 7, -2, 2]), layers.Panel("stride", W, [11, -2], stride=2)]
    axes = layers.wiring(X, panels, output=1, alt="Two layers on the same six inputs.").drawing.axes
    assert texts(axes[0]) == ["2", "5", "1", "0", "3", "4", "11", "7", "1", "2", "-1", "-2", "2"]
    strong = [line for line in axes[1].lines if line.get_color() == KERNEL]
    assert [line.get_xdata()[1] for line in strong] == [2, 3, 4]  # inputs of output 1 at stride 2
    assert [axis.get_title("left") for axis in axes] == ["valid", "stride"]


def test_wiring_leaves_unused_inputs_empty():
    figure = layers.wiring(
        X, [layers.Panel("", W, [11, -2], stride=2)], alt="The last of six inputs is unused."
    )
    filled = {p.get_x() + 0.42 for p in figure.drawing.axes[0].patches if p.get_alpha() == 0.28}
    assert np.allclose(sorted(filled), range(5))


def test_wiring_draws_padding_cells():
    figure = layers.wiring(
        [1, 2, 3], [layers.Panel("", [1, 1, 1], [3, 6, 5], padding=1)], alt="A zero at each end of three."
    )
    edges = [p for p in figure.drawing.axes[0].patches if p.get_linestyle() == "--"]
    assert [round(p.get_x() + 0.42) for p in edges] == [-1, 3]


def test_padded_marks_what_was_made_up():
    figure = layers.padded({"reflect": [3, 2, 3, 4, 3]}, 1, alt="Two, three, four, reflected by one.")
    [axes] = figure.drawing.axes
    assert texts(axes) == ["3", "2", "3", "4", "3"]
    edges = [p.get_linestyle() for p in axes.patches if p.get_linewidth() > 0]
    assert edges == ["--", "-", "-", "-", "--"]


def test_feature_maps_place_outputs_on_input_positions():
    figure = layers.feature_maps(
        [1, 4, 2, 0], {"every other": [5, 7]}, stride=2, alt="A signal, one feature map."
    )
    x, y = (axes.lines[-1] for axes in figure.drawing.axes)
    assert x.get_ydata().tolist() == [1, 4, 2, 0]
    assert (y.get_xdata().tolist(), y.get_ydata().tolist()) == ([0, 2], [5, 7])


def test_receptive_field_counts_what_feeds_one_unit():
    figure = layers.receptive_field(
        15, [(3, 1), (3, 1), (3, 2)], alt="A unit that sees seven of fifteen inputs."
    )
    [axes] = figure.drawing.axes
    assert texts(axes) == ["layer 3: 1 of 5", "layer 2: 3 of 11", "layer 1: 5 of 13", "input: 7 of 15"]
    seen = [p for p in axes.patches if p.get_alpha() == 0.6 and p.get_facecolor()[:3] == _rgb(INPUT)]
    assert len(seen) == 7


def test_weight_matrices_show_sharing_by_letter_and_kernel_by_colour():
    figure = matrices.weight_matrices(
        [("two kernels", [[1, 2, 0], [0, 3, 4]], 2)], alt="Kernels a b and c d."
    )
    [axes] = figure.drawing.axes
    assert [(t.get_text(), t.get_position()) for t in axes.texts] == [
        ("a", (0, 0)), ("b", (1, 0)), ("c", (1, 1)), ("d", (2, 1)),
    ]  # fmt: skip
    squares = [
        p for p in axes.patches if isinstance(p, Rectangle) and p.get_linewidth() == 0 and p.get_width() == 1
    ]
    assert [p.get_facecolor()[:3] for p in squares] == [_rgb(KERNEL)] * 2 + [_rgb(SECOND)] * 2


def test_channels_writes_every_number():
    x, w, y = [[1, 2, 3], [4, 5, 6]], [[[1, 0], [0, -1]]], [[-4, -4]]
    [axes] = matrices.channels(x, w, y, output=(0, 1), alt="Two channels in and one out.").drawing.axes
    assert texts(axes)[:12] == ["1", "2", "3", "4", "5", "6", "1", "0", "0", "-1", "-4", "-4"]


ALT = "an alternative text for bad input"
PANEL = layers.Panel("t", W, [11, 7])


@pytest.mark.parametrize(
    ("figure", "arguments", "error", "message"),
    [
        (layers.wiring, ([[1, 2]], [PANEL]), ValueError, "x: got .*1 dimension"),
        (layers.wiring, ("abc", [PANEL]), TypeError, "x: got str 'abc'"),
        (layers.wiring, (X, []), ValueError, "panels: got none"),
        (layers.wiring, (X, [("t", W, [11])]), TypeError, "panels: got .* expected a Panel"),
        (layers.wiring, (X, [PANEL._replace(y=[1] * 5)]), ValueError, "y: got 5 outputs"),
        (layers.wiring, (X, [PANEL._replace(y=[11])]), ValueError, "output: got 1, expected 0 to 0"),
        (layers.wiring, (X, [PANEL._replace(stride=0)]), ValueError, "stride: got 0"),
        (layers.wiring, (X, [PANEL._replace(padding=-1)]), ValueError, "padding: got -1"),
        (layers.wiring, (X, [PANEL._replace(dilation=1.5)]), TypeError, "dilation: got float 1.5"),
        (layers.padded, ({}, 1), ValueError, "rows: got none"),
        (layers.padded, ({"t": [1, 2]}, 1), ValueError, "rows: got 2 values in 't', expected over 2"),
        (layers.padded, ({"t": [1, 2]}, "1"), TypeError, "padding: got str '1'"),
        (layers.feature_maps, (X, {}), ValueError, "maps: got none"),
        (layers.feature_maps, (X, {"m": [[1]]}), ValueError, "maps: got .*1 dimension"),
        (layers.receptive_field, (5, []), ValueError, "layers: got none"),
        (layers.receptive_field, (5, [(3, 1)] * 3), ValueError, "layers: got .* something of 5 positions"),
        (layers.receptive_field, (5, [(3, 0)]), ValueError, "stride: got 0"),
        (layers.receptive_field, (5.0, [(3, 1)]), TypeError, "size: got float 5.0"),
        (matrices.weight_matrices, ([],), ValueError, "panels: got none"),
        (matrices.weight_matrices, ([("", [1, 2], 1)],), ValueError, "panels: got .*2 dimension"),
        (matrices.weight_matrices, ([("", [[0.5]], 1)],), ValueError, "panels: .*whole numbers from 0"),
        (matrices.weight_matrices, ([("", [[1]], 0)],), ValueError, "taps: got 0"),
    ],
)
def test_bad_input_is_named(figure, arguments, error, message):
    with pytest.raises(error, match="^" + message):
        figure(*arguments, alt=ALT)


@pytest.mark.parametrize(
    ("x", "w", "y", "output", "message"),
    [
        (X, [[W]], [[0] * 4], (0, 0), "x: got .*2 dimension"),
        ([X, X], [[W]], [[0] * 4], (0, 0), r"w: got shape \(1, 1, 3\), expected \(C_o, 2, K\)"),
        ([X], [[W]], [[0] * 5], (0, 0), r"y: got shape \(1, 5\), expected \(1, 4\)"),
        ([X], [[W]], [[0] * 4], (1, 0), r"output: got \(1, 0\)"),
    ],
)
def test_channels_names_shapes_that_do_not_belong_together(x, w, y, output, message):
    with pytest.raises(ValueError, match="^" + message):
        matrices.channels(x, w, y, output=output, alt=ALT)


def test_figures_use_palette_colours_only():
    """Other colours would not follow the page into the dark theme."""
    panels = [layers.Panel("padded", W, [0, 11, 7, -2, 2, 11], padding=1)]
    svg = layers.wiring(X, panels, alt="Six inputs and six outputs.").svg()
    assert "var(--course-kernel" in svg
    assert MUTED not in svg.replace(f"var(--course-muted, {MUTED})", "")


@pytest.mark.parametrize("module", [layers, matrices])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def _rgb(colour):
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
