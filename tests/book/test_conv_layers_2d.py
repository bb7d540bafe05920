"""Chapter 6: its figures draw what they are given, and its loops are the layers that PyTorch computes."""

import ast
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.plots import sharing, volumes
from course_pkg.plots.figure import KERNEL
from course_pkg.plots.volumes import Volume

CHAPTER = Path(__file__).parents[2] / "book" / "two_dimensions" / "conv_layers_2d.ipynb"
ALT = "A figure that is drawn in a test."


@cache
def sources():
    return {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}


def chapter_function(cell_id, name):
    """A function that the chapter defines, from the cell that the reader sees."""
    [function] = [n for n in ast.parse(sources()[cell_id]).body if isinstance(n, ast.FunctionDef)]
    namespace = {"np": np}
    exec(ast.unparse(function), namespace)
    return namespace[name]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
)
def test_the_loop_of_the_chapter_is_pytorchs_layer(seed, channels, kernel, stride, padding):
    random = np.random.default_rng(seed)
    x, w = random.normal(size=(channels[0], 6, 7)), random.normal(size=(channels[1], channels[0], *kernel))
    b = random.normal(size=channels[1])
    expected = torch.nn.functional.conv2d(*map(torch.from_numpy, (x, w, b)), stride, padding)
    loop = chapter_function("loop_layer", "conv_layer")
    np.testing.assert_allclose(loop(x, w, b, stride, padding), expected.numpy(), atol=1e-12)


def test_the_locally_connected_layer_uses_a_filter_for_every_place():
    random = np.random.default_rng(1)
    x, w = random.normal(size=(2, 5, 6)), random.normal(size=(3, 4, 3, 2, 2, 4))
    windows = torch.from_numpy(x).unfold(1, 2, 1).unfold(2, 4, 1)  # (2, 4, 3, 2, 4)
    expected = torch.einsum("cijkl,oijckl->oij", windows, torch.from_numpy(w))
    local_layer = chapter_function("local_code", "local_layer")
    np.testing.assert_allclose(local_layer(x, w), expected.numpy(), atol=1e-12)


def test_the_chapter_never_imports_torch():
    roots = set()
    for source in sources().values():
        if "import" in source and not source.startswith("#"):
            try:
                tree = ast.parse(source)
            except SyntaxError:  # a cell of text
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom):
                    roots.add(node.module.partition(".")[0])
                if isinstance(node, ast.Import):
                    roots.update(alias.name.partition(".")[0] for alias in node.names)
    assert roots == {"numpy", "course_pkg"}


def corners(patch):
    return patch.get_path().vertices[:4]


def test_a_box_is_as_high_and_wide_as_the_roots_of_its_sizes():
    axes = volumes.boxes(Volume("a volume", (9, 16, 4), "input"), alt=ALT).drawing.axes[0]
    front = corners(axes.patches[0])
    np.testing.assert_allclose(np.ptp(front, axis=0), [2, 4])
    assert axes.get_title("left") == "a volume"
    assert axes.texts[0].get_text() == "9 × 16 × 4"


def test_a_part_of_a_box_lies_where_it_was_said():
    axes = volumes.boxes(Volume("", (3, 16, 16), "output", (2, 12, 3, 4)), alt=ALT).drawing.axes[0]
    pixel = 16**0.5 / 16
    front = corners(axes.patches[3]) / pixel  # in pixels, from the lower left
    np.testing.assert_allclose(front.min(axis=0), [12, 16 - 2 - 3])
    np.testing.assert_allclose(front.max(axis=0), [16, 16 - 2])


def test_maps_are_drawn_as_given_beside_the_image():
    random = np.random.default_rng(2)
    image, red, change = random.random((3, 4, 6)), random.random((4, 6)), random.normal(size=(4, 6))
    figure = volumes.colour_maps(
        image, ("red", red, "grey"), ("change", change, "signed"), at=(3, 1), alt=ALT
    )
    pictures = [axes.images[0] for axes in figure.drawing.axes if axes.images]
    np.testing.assert_array_equal(pictures[0].get_array(), image.transpose(1, 2, 0))
    np.testing.assert_array_equal(pictures[1].get_array(), red)
    np.testing.assert_array_equal(pictures[2].get_array(), change)
    assert pictures[1].get_clim() == (0, 1)
    assert pictures[2].get_clim()[0] == -pictures[2].get_clim()[1]
    rings = [line.get_xydata().tolist() for axes in figure.drawing.axes[:3] for line in axes.lines]
    assert rings == [[[1, 3]]] * 6  # column, row: two rings in each of three pictures


def test_channel_sum_shows_channels_slices_parts_and_the_map():
    random = np.random.default_rng(3)
    image, parts = random.random((3, 4, 6)), random.normal(size=(3, 4, 6))
    w = np.arange(-4, 8).reshape(3, 2, 2)
    axes = volumes.channel_sum(image, w, parts, abs(parts.sum(axis=0)), alt=ALT).drawing.axes
    for c in range(3):
        np.testing.assert_array_equal(axes[3 * c].images[0].get_array(), image[c])
        weights = [float(text.get_text().replace("−", "-")) for text in axes[3 * c + 1].texts]
        assert weights == w[c].ravel().tolist()
        np.testing.assert_array_equal(axes[3 * c + 2].images[0].get_array(), parts[c])
    np.testing.assert_array_equal(axes[11].images[0].get_array(), abs(parts.sum(axis=0)))
    limits = {axes[i].images[0].get_clim() for i in (2, 5, 8)}
    assert len(limits) == 1, "parts of one sum are compared, so they share one scale"


def test_the_matrix_shows_a_letter_for_every_weight():
    matrix = np.array([[1, 2, 0, 0], [0, 0, 3, 1]])
    axes = sharing.image_matrix(matrix, (2, 2), (1, 2), alt=ALT).drawing.axes[0]
    letters = {text.get_position(): text.get_text() for text in axes.texts if len(text.get_text()) == 1}
    assert letters == {(0.5, 0.52): "a", (1.5, 0.52): "b", (2.5, 1.52): "c", (3.5, 1.52): "a"}
    shades = [patch.get_facecolor() for patch in axes.patches]
    assert shades[0] == shades[3] != shades[1]


def test_errors_are_drawn_against_the_number_of_images():
    panels = {"here": {"shared": [3, 3], "local": [5, 2]}, "there": {"shared": [1, 1], "local": [4, 2]}}
    axes = sharing.errors_by_examples([10, 100], panels, ylabel="error", alt=ALT).drawing.axes
    drawn = {ax.get_title("left"): {l.get_label(): l.get_ydata().tolist() for l in ax.lines} for ax in axes}  # noqa: E741
    assert drawn == panels
    assert axes[0].lines[0].get_xdata().tolist() == [10, 100]
    assert axes[1].get_xscale() == "log"
    assert axes[0].lines[0].get_linestyle() != axes[0].lines[1].get_linestyle()


IMAGE = np.zeros((3, 4, 6))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: volumes.boxes(alt=ALT), ValueError, "at least one Volume"),
        (lambda: volumes.boxes((3, 4, 4), alt=ALT), TypeError, "Volume"),
        (lambda: volumes.boxes(Volume("", (3, 0, 4), "input"), alt=ALT), ValueError, "shape"),
        (lambda: volumes.boxes(Volume("", (3, 4, 4), "inside"), alt=ALT), ValueError, "role"),
        (lambda: volumes.boxes(Volume("", (3, 4, 4), "input", (2, 0, 3, 1)), alt=ALT), ValueError, "part"),
        (lambda: volumes.colour_maps(IMAGE, alt=ALT), ValueError, "panels"),
        (
            lambda: volumes.colour_maps(IMAGE.T, ("", IMAGE[0], "grey"), alt=ALT),
            ValueError,
            "channels first",
        ),
        (lambda: volumes.colour_maps(IMAGE, ("", IMAGE[0], "gray"), alt=ALT), ValueError, "kind"),
        (lambda: volumes.channel_sum(IMAGE, IMAGE[:2], IMAGE, IMAGE[0], alt=ALT), ValueError, "w, parts"),
        (lambda: sharing.image_matrix(np.eye(3), (2, 2), (2, 2), alt=ALT), ValueError, "matrix"),
        (lambda: sharing.image_matrix(np.eye(4) / 2, (2, 2), (2, 2), alt=ALT), ValueError, "whole numbers"),
        (lambda: sharing.errors_by_examples([1], {}, ylabel="", alt=ALT), ValueError, "panels"),
        (
            lambda: sharing.errors_by_examples([1, 2], {"a": {"b": [1]}}, ylabel="", alt=ALT),
            ValueError,
            "one per",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_weights_are_drawn_in_the_colour_of_kernels():
    axes = sharing.image_matrix(np.eye(4), (2, 2), (2, 2), alt=ALT).drawing.axes[0]
    rgb = tuple(round(255 * v) for v in axes.patches[0].get_facecolor()[:3])
    assert "#{:02x}{:02x}{:02x}".format(*rgb) == KERNEL
