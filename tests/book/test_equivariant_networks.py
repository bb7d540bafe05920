"""The chapter on equivariant networks: its layers on inputs it does not show, and what its figures draw."""

import base64
import doctest
import re
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from course_pkg.models import groupconv
from course_pkg.ops.symmetry import equivariance_error
from course_pkg.plots import groups

CHAPTER = Path(__file__).parents[2] / "book" / "networks" / "equivariant_networks.ipynb"
ALT = "What there is to be seen, in words."
IMAGES = {"corner": np.triu(np.full((6, 6), 200)).astype(np.uint8), "flat": np.full((6, 6), 9, np.uint8)}
KERNELS = {"right": [[0, 0, 0], [0, -1, 1], [0, 0, 0]], "sum": np.ones((3, 3))}


@cache
def chapter():
    """All functions that the chapter defines, from the cells that the reader sees."""
    namespace = {"np": np, "torch": torch, "F": F, "groupconv": groupconv, "p4m": groupconv.GROUPS["p4m"]}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.cell_type == "code" and re.match(r"([#@].*\n)?def ", cell.source):
            exec(cell.source.partition("\n\n\n")[0], namespace)
    return namespace


def random(seed, *shape):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    channels=st.integers(1, 3),
    kernel=st.integers(1, 4),
    side=st.integers(4, 8),
    turns=st.integers(-3, 7),
)
def test_its_layers_follow_turns_of_any_image(seed, channels, kernel, side, turns):
    lift, group_conv, turn_maps = (chapter()[name] for name in ("lift", "group_conv", "turn_maps"))
    x = random(seed, 2, channels, side + 3, side + 3)
    w1, w2 = random(seed + 1, 3, channels, kernel, kernel), random(seed + 2, 2, 3, 4, kernel, kernel)
    for layer in (lambda x: lift(x, w1), lambda x: group_conv(lift(x, w1), w2, padding=1)):
        off = chapter()["error"](
            layer, lambda x: chapter()["turn"](x, turns), x, lambda y: turn_maps(y, turns)
        )
        assert off < 1e-12


@pytest.mark.parametrize("name", ["LiftingConv2d", "GroupConv2d"])
def test_its_layers_are_those_of_the_package(name):
    layer = getattr(groupconv, name)(3, 4, 3, "p4").double()
    x = random(0, 2, 3, 7, 7) if name == "LiftingConv2d" else random(1, 2, 3, 4, 7, 7)
    mine = chapter()["lift" if name == "LiftingConv2d" else "group_conv"]
    torch.testing.assert_close(mine(x, layer.weight), layer(x))


def test_group_conv_is_the_sum_over_channels_and_directions():
    y, w = random(2, 1, 2, 4, 5, 5), random(3, 3, 2, 4, 2, 2)
    z = chapter()["group_conv"](y, w)
    assert z.shape == (1, 3, 4, 4, 4)
    for o in range(3):
        for k in range(4):
            wanted = sum(
                F.conv2d(y[:, c : c + 1, (k + j) % 4], torch.rot90(w[o, c, j], k)[None, None])
                for c in range(2)
                for j in range(4)
            )
            torch.testing.assert_close(z[:, o, k], wanted[:, 0])


def test_around_is_a_group_convolution_of_one_pixel():
    y, w = [2.0, -1.0, 0.5, 3.0], [1.0, 4.0, -2.0, 0.0]
    one = torch.tensor(y).view(1, 1, 4, 1, 1), torch.tensor(w).view(1, 1, 4, 1, 1)
    assert chapter()["around"](y, w) == chapter()["group_conv"](*one).flatten().tolist()


def test_its_error_is_that_of_the_package():
    x, w = random(4, 1, 2, 9, 9), random(5, 3, 2, 3, 3)
    turn = chapter()["turn"]
    expected = equivariance_error(
        lambda x: F.conv2d(torch.tensor(x.copy()), w).numpy(), lambda x: np.rot90(x, axes=(2, 3)), x.numpy()
    )
    assert chapter()["error"](lambda x: F.conv2d(x, w), turn, x) == pytest.approx(expected)


def test_the_forgetful_layer_is_not_equivariant():
    x, w1, w2 = random(6, 1, 2, 9, 9), random(7, 3, 2, 3, 3), random(8, 2, 3, 4, 3, 3)

    def layer(x):
        return chapter()["forgetful"](chapter()["lift"](x, w1), w2)

    assert chapter()["error"](layer, chapter()["turn"], x, chapter()["turn_maps"]) > 0.3


def test_undo_undoes():
    x = random(9, 3, 3)
    for g in groupconv.GROUPS["p4m"]:
        assert torch.equal(groupconv.act(chapter()["undo"](g), groupconv.act(g, x)), x)


def test_random_quarter_turns_keep_labels_and_pixels():
    torch.manual_seed(0)
    x, y = random(10, 40, 1, 5, 5), torch.arange(40)
    turned, labels = chapter()["quarter_turns"](x, y)
    assert torch.equal(labels, y)
    by = [
        [k for k in range(4) if torch.equal(torch.rot90(a, k, (-2, -1)), b)]
        for a, b in zip(x, turned, strict=True)
    ]
    assert {k for [k] in by} == {0, 1, 2, 3}


def test_polar_reads_the_ramps_where_they_are():
    at = torch.arange(28.0) - 13.5  # pixels from the centre
    right, up = at.expand(28, 28), -at[:, None].expand(28, 28)
    got = chapter()["polar"](torch.stack([right, up])[None], radii=9, columns=8)[0]
    r, phi = np.arange(1.0, 10)[:, None], np.arange(8) * np.pi / 4
    np.testing.assert_allclose(got, [r * np.cos(phi), r * np.sin(phi)], atol=1e-4)


def test_examples_run():
    assert doctest.testmod(groups).failed == 0


def test_errors_by_layer_draw_zero_at_the_floor():
    figure = groups.errors_by_layer(["a", "b", "c"], {"one": [0.5, 1, 2], "two": [0, 1e-7, 1e-6]}, alt=ALT)
    [axes] = figure.drawing.axes
    one, two = [line for line in axes.lines if line.get_label() in ("one", "two")]
    np.testing.assert_array_equal(one.get_xdata(), [0.5, 1, 2])
    np.testing.assert_array_equal(two.get_xdata(), [1e-8, 1e-7, 1e-6])
    np.testing.assert_array_equal(one.get_ydata(), [0, 1, 2])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first layer on top
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_by_angle_and_by_examples_draw_each_value():
    figure = groups.by_angle([0, 45, 90], {"a": [0, 0.5, 0.1], "b": [0, 0, 0.2]}, ylabel="change", alt=ALT)
    lines = figure.drawing.axes[0].lines
    np.testing.assert_array_equal([line.get_ydata() for line in lines], [[0, 0.5, 0.1], [0, 0, 0.2]])
    runs = np.random.default_rng(0).uniform(size=(3, 2))
    [axes] = groups.by_examples([10, 100], {"net": runs}, alt=ALT).drawing.axes
    mean, *each = axes.lines
    np.testing.assert_allclose(mean.get_ydata(), runs.mean(axis=0))
    np.testing.assert_array_equal([line.get_ydata() for line in each], runs)
    assert axes.get_xscale() == "log"


def explorer(**changes):
    given = {"images": IMAGES, "kernels": KERNELS, "image": "corner", "kernel": "right", "turn": 6}
    return groups.turn_explorer(**(given | changes))


def test_the_explorer_carries_images_and_kernels_and_its_still_shows_the_maps():
    figure = explorer()
    pixels = np.frombuffer(base64.b64decode(figure.settings["images"]["corner"]), np.uint8)
    np.testing.assert_array_equal(pixels.reshape(6, 6), IMAGES["corner"])
    assert figure.settings["kernels"]["right"] == KERNELS["right"]
    x = torch.tensor(IMAGES["corner"] / 255)[None, None]
    w = torch.tensor(KERNELS["right"], dtype=torch.float64)[None, None]
    upright = chapter()["lift"](x, w).relu()
    got = chapter()["turn_maps"](upright)
    drawn = [axes.images[0].get_array() for axes in figure.still.drawing.axes]
    np.testing.assert_allclose(drawn[:4], upright[0, 0], atol=1e-6)
    np.testing.assert_allclose(drawn[4:], got[0, 0], atol=1e-6)
    off = np.linalg.norm(got[0, 0, 0] - torch.rot90(upright[0, 0, 0])) / upright[0, 0, 0].norm()
    assert f"off by {off:.0%} from itself" in figure.still.alt
    assert "largest of the four by 0%" in figure.still.alt


@pytest.mark.parametrize(
    ("error", "says", "draw"),
    [
        (ValueError, "nets: got 0", lambda: groups.errors_by_layer(["a"], {}, alt=ALT)),
        (ValueError, "nets.'n'.: got", lambda: groups.errors_by_layer(["a"], {"n": [1, 2]}, alt=ALT)),
        (ValueError, "nets.'n'.: got", lambda: groups.errors_by_layer(["a"], {"n": [-1]}, alt=ALT)),
        (
            ValueError,
            "curves: got 4",
            lambda: groups.by_angle([0], {c: [0] for c in "abcd"}, ylabel="", alt=ALT),
        ),
        (ValueError, "curves.'n'.: got", lambda: groups.by_angle([0], {"n": [1, 2]}, ylabel="", alt=ALT)),
        (ValueError, "counts: got", lambda: groups.by_examples([0], {"n": [[1]]}, alt=ALT)),
        (ValueError, "curves.'n'.: got", lambda: groups.by_examples([1], {"n": [[1, 2]]}, alt=ALT)),
        (TypeError, "images.*float64", lambda: explorer(images={"corner": np.ones((6, 6))})),
        (ValueError, "images.*squares", lambda: explorer(images={"corner": IMAGES["corner"][:5]})),
        (ValueError, "right.*3, 3", lambda: explorer(kernels={"right": np.ones((5, 5))})),
        (ValueError, "image: got 'cat'", lambda: explorer(image="cat")),
        (ValueError, "kernel: got 'cat'", lambda: explorer(kernel="cat")),
        (ValueError, "turn: got 24", lambda: explorer(turn=24)),
    ],
)
def test_bad_input_is_named(error, says, draw):
    with pytest.raises(error, match=says):
        draw()
