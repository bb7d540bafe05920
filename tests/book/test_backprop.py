"""The chapter on gradients: its figures draw what they are given, its functions are PyTorch's gradients."""

import doctest
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.plots import gradients
from course_pkg.plots.gradients import Shares

CHAPTER = Path(__file__).parents[2] / "book" / "two_dimensions" / "backprop.ipynb"
TABLE = [[3.0, 6, 0], [0, 1, 2]]
ALT = "an alternative text for bad input"


def texts(axes):
    return [text.get_text().replace("−", "-") for text in axes.texts]


@cache
def chapter_function(cell_id, name):
    """A function that the chapter defines, from the cell that the reader sees."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    namespace = {"np": np}
    exec(cells[cell_id], namespace)
    return namespace[name]


def torch_gradients(x, w, *options):
    """A random cotangent, and PyTorch's gradients of input and kernel for it."""
    x, w = (torch.from_numpy(a[None, None]).requires_grad_() for a in (x, w))
    y = torch.nn.functional.conv1d(x, w, None, *options)
    g = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(1))
    return g[0, 0].numpy(), *(a[0, 0].numpy() for a in torch.autograd.grad(y, (x, w), g))


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
)
def test_the_shares_of_the_chapter_add_up_to_pytorchs_gradient(seed, kernel, stride, padding, dilation):
    random = np.random.default_rng(seed)
    x, w = random.normal(size=11), random.normal(size=kernel)
    g, grad_x, _ = torch_gradients(x, w, stride, padding, dilation)
    table = chapter_function("shares", "shares")(g, w, 11, stride, padding, dilation)
    np.testing.assert_allclose(table.sum(axis=0)[padding : padding + 11], grad_x, atol=1e-12)


def test_the_three_lines_of_the_chapter_are_pytorchs_gradients():
    random = np.random.default_rng(2)
    for _ in range(20):
        x, w = random.normal(size=9), random.normal(size=random.integers(1, 9))
        g, grad_x, grad_w = torch_gradients(x, w)
        mine = chapter_function("conv_backward", "conv_backward")(g, x, w)
        for got, expected in zip(mine, (grad_x, grad_w, g.sum()), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-12)


def test_the_numerical_gradient_of_the_chapter_tells_right_from_wrong():
    numerical = chapter_function("numerical", "numerical_gradient")
    x, v = np.random.default_rng(3).normal(size=(2, 4, 3))
    gradient = numerical(np.sin, x, v)
    np.testing.assert_allclose(gradient, v * np.cos(x), atol=1e-9)
    assert not np.allclose(gradient, v, atol=1e-3)


def test_handed_back_writes_gradients_shares_and_sums():
    [axes] = gradients.handed_back(
        [Shares("t", [3, 1], TABLE)], alt="Two rows of shares and sums."
    ).drawing.axes
    assert texts(axes)[:3] == ["0", "1", "2"]
    assert texts(axes)[3:] == ["g[0]", "3", "3", "6", "g[1]", "1", "1", "2", "3", "7", "2", "sum: ∂L/∂x"]
    assert axes.get_title("left") == "t"


def test_handed_back_gives_padding_no_sum():
    panel = Shares("", [3, 1], TABLE, padding=1)
    [axes] = gradients.handed_back([panel], alt="One input between two padding cells.").drawing.axes
    assert texts(axes)[:3] == ["-1", "0", "1"]
    assert texts(axes)[-2:] == ["7", "sum: ∂L/∂x"]  # of the three sums, only the input's own


def test_routes_join_outputs_to_the_inputs_that_receive():
    panels = {"max": ([3, 5], [[0, 3, 0, 0], [0, 0, 5, 0]]), "mean": ([2, 2], np.kron(np.eye(2), [[1, 1]]))}
    first, second = gradients.routes(
        [1, 4, 6, 2], panels, alt="The winners take all, then equal shares."
    ).drawing.axes
    assert [line.get_xdata()[1] for line in first.lines] == [1, 2]
    assert [line.get_xdata()[1] for line in second.lines] == [0, 1, 2, 3]
    assert texts(first)[:8] == ["0", "1", "3", "4", "5", "6", "0", "2"]  # gradient, value, in turn


def test_pictures_show_the_pixels_they_are_given():
    images = {"a": [[0, 0.5]], "b": [[1], [0]], "c": [[0.2]]}
    axes = gradients.pictures(images, alt="Three small pictures of different sizes.").drawing.axes
    for ax, (title, image) in zip(axes, images.items(), strict=False):
        assert ax.get_title("left") == title
        assert np.array_equal(ax.images[0].get_array(), image)
    assert not axes[3].images


def test_descents_draw_each_curve():
    curves = {"short": [4, 2, 1], "long": [4, 9]}
    [axes] = gradients.descents(curves, ylabel="error", alt="One falls and one rises.").drawing.axes
    assert [line.get_ydata().tolist() for line in axes.lines] == list(curves.values())
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "error")


@pytest.mark.parametrize(
    ("figure", "arguments", "error", "message"),
    [
        (gradients.handed_back, ([],), ValueError, "panels: got none"),
        (gradients.handed_back, ([([1], [[1]])],), TypeError, "panels: got tuple .*expected a Shares"),
        (gradients.handed_back, ([Shares("", [1], TABLE)],), ValueError, "table: got 2 rows, expected 1"),
        (gradients.handed_back, ([Shares("", [1, 2], TABLE, 2)],), ValueError, "padding: got 2"),
        (gradients.handed_back, ([Shares("", [1, 2], TABLE, 0.5)],), TypeError, "padding: got float"),
        (gradients.handed_back, ([Shares("", "ab", TABLE)],), TypeError, "grad_out: got str 'ab'"),
        (gradients.routes, ([1, 2], {}), ValueError, "panels: got none"),
        (gradients.routes, ([1, 2], {"t": ([1], [[1]])}), ValueError, r"table: got shape \(1, 1\)"),
        (gradients.pictures, ({},), ValueError, "images: got none"),
        (gradients.pictures, ({"a": [1, 2]},), ValueError, r"images\['a'\]: got .*2 dimensions"),
    ],
)
def test_bad_input_is_named(figure, arguments, error, message):
    with pytest.raises(error, match="^" + message):
        figure(*arguments, alt=ALT)


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "curves: got 0"),
        ({"a": [1], "b": [1], "c": [1], "d": [1]}, "curves: got 4"),
        ({"a": [1, 0]}, r"curves\['a'\]"),
    ],
)
def test_descents_names_bad_curves(curves, message):
    with pytest.raises(ValueError, match="^" + message):
        gradients.descents(curves, ylabel="loss", alt=ALT)


def test_examples_in_docstrings():
    result = doctest.testmod(gradients)
    assert result.attempted >= 4
    assert result.failed == 0
