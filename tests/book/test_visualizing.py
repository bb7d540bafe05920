"""What the functions of the chapter on looking into networks claim, on other inputs, and its figures."""

import ast
import base64
import doctest
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.patches import Rectangle
from torch import nn
from torch.nn import functional as F

from course_pkg.models import LeNet5
from course_pkg.plots import visualizing
from course_pkg.plots.visualizing import Portrait, concept_table, unit_explorer
from course_pkg.visualize import Unit, feature_maps, reconstruct, total_variation

CHAPTER = Path(__file__).parents[2] / "book" / "networks" / "visualizing.ipynb"
ALT = "What there is to be seen, in words."


@cache
def chapter():
    """All functions that the chapter defines, from the cells that the reader sees."""
    from scipy import ndimage

    namespace = {"np": np, "torch": torch, "nn": nn, "F": F, "ndimage": ndimage}
    namespace["total_variation"] = total_variation
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef):
                    exec(ast.unparse(node), namespace)
    return namespace


@pytest.fixture
def lenet():
    torch.manual_seed(0)
    return LeNet5("modern").eval()


def test_listening_hears_what_the_layer_gives_and_takes_its_hook_away(lenet):
    x = torch.rand(3, 1, 28, 28)
    heard = chapter()["listen"](lenet, x, "layers.S4")
    assert torch.equal(heard, feature_maps(lenet, x, "layers.S4")["layers.S4"])
    assert not lenet.layers.S4._forward_hooks


def test_the_way_back_by_hand_is_that_of_the_package(lenet):
    x = torch.rand(1, 1, 28, 28)
    for channel, row, column in [(0, 0, 0), (15, 9, 4), (8, 5, 9)]:
        kept = torch.zeros(1, 16, 10, 10)
        kept[0, channel, row, column] = lenet.layers[:5](x)[0, channel, row, column].detach()
        wanted = reconstruct(lenet.layers, x, Unit("C3_out", channel, (row, column)))
        torch.testing.assert_close(chapter()["from_C3"](lenet, x, kept), wanted)


def test_roughness_is_that_of_a_checkerboard_and_of_a_field():
    rows, columns = np.indices((5, 5))
    board = np.where((rows + columns) % 2, 1.0, -1.0)
    assert chapter()["roughness"](board) == pytest.approx(40 * 4 / 25)  # 40 pairs of neighbours
    assert chapter()["roughness"](np.ones((5, 5))) == 0
    assert chapter()["roughness"](7 * board) == pytest.approx(40 * 4 / 25)


def test_a_hole_is_paper_enclosed_by_ink():
    drawn = np.zeros((2, 7, 7), bool)
    drawn[0, 1:6, 1:6] = True
    drawn[0, 3, 2:5] = False
    drawn[1] = drawn[0]
    drawn[1, 3, 5:] = False  # a way out
    holes = chapter()["hole"](drawn)
    assert np.argwhere(holes[0]).tolist() == [[3, 2], [3, 3], [3, 4]]
    assert not holes[1].any()


def test_strokes_are_told_by_their_direction():
    rows, columns = np.indices((32, 32)) - 16.0
    # upright, rising to the right, level, falling: rows count downwards
    lines = {0: columns, 1: rows + columns, 2: rows, 3: rows - columns}
    ink = np.stack([np.exp(-(across**2) / 8) for across in lines.values()])
    way = chapter()["direction"](ink)
    for each, ways, k in zip(ink, way, lines, strict=True):
        middle = each[8:24, 8:24] > 0.5
        assert (ways[8:24, 8:24][middle] == k).mean() > 0.95


def test_pictures_are_alike_by_their_strength_not_their_sign():
    a = torch.randn(4, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    assert chapter()["alike"](a, -3 * a) == pytest.approx(1)
    assert abs(chapter()["alike"](a, a.flip(0))) < 0.5


def test_the_table_writes_down_the_best_of_each_unit():
    iou = np.random.default_rng(0).uniform(0, 0.5, (4, 7))
    figure = concept_table(iou, list("abcd"), list("tuvwxyz"), alt=ALT)
    (axes,) = figure.drawing.axes
    written = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert written == {(m, n): f".{100 * iou[m, n]:02.0f}" for m, n in enumerate(iou.argmax(axis=1))}
    np.testing.assert_array_equal(axes.images[0].get_array(), iou)


def portrait(seed=0, images=2, size=8, places=3):
    rng = np.random.default_rng(seed)
    liked, digits = rng.random((size, size)), rng.random((images, size, size))
    return Portrait(
        "C3", seed, liked, 4.5, digits, rng.random(images), rng.normal(size=(images, places, places))
    )


def test_the_explorer_carries_images_in_256_steps_and_drops_in_255():
    portraits = [portrait(0), portrait(1)]
    portraits.append(portraits[0]._replace(channel=9))
    given = unit_explorer(portraits, window=4, stride=2, unit=1, place=(2, 0)).settings
    assert len(given["images"]) == 4  # the third unit's are those of the first
    for one, coded in zip(portraits, given["units"], strict=True):
        for index, digit in zip(coded["images"], one.digits, strict=True):
            stored = np.frombuffer(base64.b64decode(given["images"][index]), np.uint8)
            np.testing.assert_allclose(stored / 255, digit.ravel(), atol=0.5 / 255 + 1e-9)
        for text, drops in zip(coded["drops"], one.drops, strict=True):
            stored = np.frombuffer(base64.b64decode(text), np.int8) * coded["drop"]
            np.testing.assert_allclose(stored, drops.ravel(), atol=0.51 * coded["drop"])


def test_the_still_shows_the_square_and_says_what_it_costs():
    one = portrait()
    explorer = unit_explorer([one], window=4, stride=2, unit=0, place=(2, 1))
    _, real, costs = explorer.still.drawing.axes
    (square,) = (p for p in real.patches if isinstance(p, Rectangle))
    assert (square.get_xy(), square.get_width()) == ((1.5, 3.5), 4)
    np.testing.assert_array_equal(costs.images[0].get_array(), one.drops[0])
    assert f"by {one.drops[0, 2, 1]:.2f} for the square drawn" in explorer.still.alt


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: concept_table([[0.5]], ["a"], ["b", "c"], alt=ALT), ValueError, "iou: got shape"),
        (lambda: concept_table([[1.5]], ["a"], ["b"], alt=ALT), ValueError, "iou: got 1.5 to 1.5"),
        (lambda: explorer([]), ValueError, "portraits: got none"),
        (lambda: explorer([portrait()], unit=1), ValueError, "unit: got 1, expected 0 to 0"),
        (lambda: explorer([portrait()], place=(0, 3)), ValueError, "place: got"),
        (lambda: explorer([portrait()], stride=1), ValueError, "drops: got shape"),
        (lambda: explorer([portrait()], window=0), ValueError, "window: got 0"),
        (lambda: explorer([portrait()._replace(values=[1.0])]), ValueError, "digits: got shape"),
    ],
)
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def explorer(portraits, window=4, stride=2, unit=0, place=(0, 0)):
    return unit_explorer(portraits, window=window, stride=stride, unit=unit, place=place)


def test_docstring_examples():
    failed, tried = doctest.testmod(visualizing)
    assert tried
    assert not failed
