"""What the functions of the AlexNet chapter claim, on other inputs, and what its figures draw."""

import ast
import base64
import doctest
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from torch import nn
from torch.nn import functional as F

from course_pkg.models import AlexNet
from course_pkg.plots import alexnet, images
from course_pkg.plots.figure import OUTPUT, SECOND

CHAPTER = Path(__file__).parents[2] / "book" / "networks" / "alexnet.ipynb"
ALT = "What there is to be seen, in words."
GREY = np.full((3, 8, 8), 0.5)


@cache
def chapter():
    """All functions that the chapter defines, from the cells that the reader sees."""
    namespace = {"np": np, "torch": torch, "nn": nn, "F": F}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef):
                    exec(ast.unparse(node), namespace)
    return namespace


def test_top_k_error_by_counting():
    rng = np.random.default_rng(0)
    scores, y = rng.permuted(np.tile(np.arange(7.0), (50, 1)), axis=1), rng.integers(0, 7, 50)
    for k in range(1, 8):
        missed = [np.sum(row > row[true]) >= k for row, true in zip(scores, y, strict=True)]
        got = chapter()["top_k_error"](torch.tensor(scores), torch.tensor(y), k)
        assert got == pytest.approx(np.mean(missed))
    assert got == 0  # as many guesses as classes


@pytest.mark.parametrize(("height", "width", "size"), [(9, 12, 6), (6, 6, 6), (7, 10, 4)])
def test_five_crops_are_the_corners_and_the_centre(height, width, size):
    x = torch.arange(2.0 * 3 * height * width).view(2, 3, height, width)
    five = chapter()["five_crops"](x, size)
    assert five.shape == (5, 2, 3, size, size)
    last_row, last_column = x[..., -size:, :], x[..., :size, :]
    expected = [
        last_column[..., :size],
        last_column[..., -size:],
        last_row[..., :size],
        last_row[..., -size:],
    ]
    for crop, corner in zip(five[:4], expected, strict=True):
        assert torch.equal(crop, corner)
    top, left = (height - size) // 2, (width - size) // 2
    assert torch.equal(five[4], x[..., top : top + size, left : left + size])


def test_random_crops_come_from_every_place_and_from_no_other():
    x, rng = torch.arange(3.0 * 5 * 6).view(3, 5, 6), np.random.default_rng(1)
    crops = [chapter()["random_crop"](x, 4, rng) for _ in range(200)]
    assert all(crop.shape == (3, 4, 4) for crop in crops)
    corners = {float(crop[0, 0, 0]) for crop in crops}
    assert corners == {6.0 * top + left for top in range(2) for left in range(3)}


def test_the_colour_shift_is_one_colour_along_the_components_and_independent_of_the_scale():
    rng = np.random.default_rng(2)
    mixing = rng.normal(size=(3, 3))
    values = mixing @ rng.normal(size=(3, 5000))
    alpha, x = rng.normal(size=3), torch.rand(3, 4, 5, dtype=torch.float64)
    shifts = []
    for scale in (1, 255):
        variance, directions = np.linalg.eigh(np.cov(scale * values))
        names = {"variance": variance, "directions": directions * np.sign(directions[1])}
        shifted = eval_with(names, "colour_shift")(scale * x, alpha) - scale * x
        assert torch.allclose(shifted, shifted[:, :1, :1].expand_as(shifted), atol=1e-9)
        shifts.append(shifted[:, 0, 0] / scale)
        along = names["directions"].T @ shifted[:, 0, 0].numpy()
        np.testing.assert_allclose(along, alpha * np.sqrt(variance), atol=1e-9)
    torch.testing.assert_close(*shifts)


def eval_with(names, function):
    """A function of the chapter that reads names from outside of it."""
    chapter().update(names)
    return chapter()[function]


def test_the_published_step_is_pytorchs_while_the_rate_stays_and_not_when_it_falls():
    step, rng = chapter()["published_step"], np.random.default_rng(3)
    gradients = rng.normal(size=20)
    for rates, same in (([0.1] * 20, True), ([0.1] * 10 + [0.01] * 10, False)):
        w, v = 2.0, 0.0
        theirs = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
        sgd = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, weight_decay=0.0005)
        for g, rate in zip(gradients, rates, strict=True):
            w, v = step(w, v, g, rate)
            sgd.param_groups[0]["lr"] = rate
            theirs.grad = torch.tensor([g])
            sgd.step()
        assert np.isclose(w, theirs.item(), rtol=1e-10) == same


@pytest.mark.parametrize(("maps", "side"), [(2, 3), (5, 1), (3, 4)])
def test_a_linear_layer_as_a_convolution_gives_the_same_scores(maps, side):
    linear, x = nn.Linear(maps * side**2, 7), torch.randn(4, maps, side, side)
    conv = chapter()["as_convolution"](linear, side)
    torch.testing.assert_close(conv(x)[..., 0, 0], linear(x.flatten(1)))
    assert conv(torch.randn(1, maps, side + 2, side + 1)).shape == (1, 7, 3, 2)


def test_counts_by_hand_are_those_of_the_package():
    with torch.device("meta"):
        net = AlexNet()
    mine = chapter()["by_hand"]([conv.maps for conv in net.plan.convolutions])
    assert sum(mine) == sum(p.numel() for p in net.parameters())


def test_rows_of_images_may_be_in_colour():
    rows = {"colour": np.random.default_rng(4).random((2, 3, 4, 5)), "grey": np.zeros((2, 4, 5))}
    first, second = images.image_rows(rows, alt=ALT).drawing.axes
    for shown, image in zip(first.images, rows["colour"], strict=True):
        np.testing.assert_allclose(shown.get_array(), image.transpose(1, 2, 0))
    assert [shown.get_array().shape for shown in second.images] == [(4, 5)] * 2


def test_squares_lie_where_they_should():
    parts = {"inside": (2, 1, 4), "past the edge": (-3, 5, 6)}
    [axes] = alexnet.squares(GREY, parts, alt=ALT).drawing.axes
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    places = [(*reversed(patch.get_xy()), patch.get_width(), patch.get_height()) for patch in frames]
    assert places[::2] == places[1::2] == [(top, left, side, side) for top, left, side in parts.values()]
    assert [text.get_text() for text in axes.texts] == list(parts)
    assert axes.get_ylim()[1] <= -3
    assert axes.get_xlim()[1] >= 11


def test_guesses_are_the_likeliest_and_the_true_one_is_green():
    scores = [[0.1, 0.6, 0.3], [0.2, 0.3, 0.5]]
    figure = alexnet.guesses(
        [GREY, GREY], ["cat", "dog"], scores, ["dog", "cat", "cup"], k=2, columns=2, alt=ALT
    )
    above, below = figure.drawing.axes[:2], figure.drawing.axes[2:]
    assert [axes.get_title() for axes in above] == ["cat", "dog"]
    for axes, names, lengths, colours in zip(
        below,
        [["cat", "cup"], ["cup", "cat"]],
        [[0.6, 0.3], [0.5, 0.3]],
        [[OUTPUT, SECOND], [SECOND, SECOND]],
        strict=True,
    ):
        assert [text.get_text() for text in axes.texts] == names
        assert [bar.get_width() for bar in axes.patches] == lengths
        assert [bar.get_facecolor()[:3] for bar in axes.patches] == [to_rgb(colour) for colour in colours]


STAGE = alexnet.Stage("conv1", "4×4", (2, 2, 2), (98, 98), (384, 384), (4, 4, 0))
STILL = alexnet.squares(GREY, {"conv1": (0, 0, 4)}, alt=ALT)
BYTES = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)


def test_the_explorer_carries_the_image_pixel_by_pixel_and_the_stages():
    settings = alexnet.alexnet_explorer(BYTES, [STAGE], still=STILL, towers=2).settings
    sent = np.frombuffer(base64.b64decode(settings["image"]), np.uint8).reshape(8, 8, 3)
    np.testing.assert_array_equal(sent, BYTES.transpose(1, 2, 0))
    assert settings["stages"] == [STAGE._asdict()]
    assert (settings["layer"], settings["towers"]) == (0, 2)


@pytest.mark.parametrize(
    ("error", "says", "draw"),
    [
        (ValueError, "parts: got none", lambda: alexnet.squares(GREY, {}, alt=ALT)),
        (ValueError, "side of parts", lambda: alexnet.squares(GREY, {"a": (0, 0, 0)}, alt=ALT)),
        (ValueError, r"image.*\(3, H, W\)", lambda: alexnet.squares(GREY[:2], {"a": (0, 0, 1)}, alt=ALT)),
        (ValueError, "k: got 3", lambda: alexnet.guesses([GREY], ["a"], [[1, 0]], "ab", k=3, alt=ALT)),
        (ValueError, "N, classes", lambda: alexnet.guesses([GREY], ["a"], [[1, 0]], "abc", k=1, alt=ALT)),
        (ValueError, "probabilities", lambda: alexnet.guesses([GREY], ["a"], [[5, 0]], "ab", k=1, alt=ALT)),
        (TypeError, "image.*uint8", lambda: alexnet.alexnet_explorer(GREY, [STAGE], still=STILL)),
        (ValueError, "square", lambda: alexnet.alexnet_explorer(BYTES[:, :4], [STAGE], still=STILL)),
        (ValueError, "stages", lambda: alexnet.alexnet_explorer(BYTES, [], still=STILL)),
        (TypeError, "stages", lambda: alexnet.alexnet_explorer(BYTES, ["conv1"], still=STILL)),
        (ValueError, "start: got 1", lambda: alexnet.alexnet_explorer(BYTES, [STAGE], start=1, still=STILL)),
        (ValueError, "towers", lambda: alexnet.alexnet_explorer(BYTES, [STAGE], still=STILL, towers=3)),
        (ValueError, "3, H, W", lambda: images.image_rows({"a": np.zeros((2, 4, 5, 5))}, alt=ALT)),
    ],
)  # fmt: skip
def test_bad_input_is_named(error, says, draw):
    with pytest.raises(error, match=says):
        draw()


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(alexnet).failed == 0
    assert doctest.testmod(alexnet).attempted >= 4
