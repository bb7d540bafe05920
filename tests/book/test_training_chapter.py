"""Chapter 12: its functions do what it says, its figures draw what they are given, its summary is true."""

import base64
import doctest
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from torch import nn
from torch.nn import functional as F

from course_pkg.models import LeNet5
from course_pkg.plots import training
from course_pkg.plots.figure import KERNEL, OUTPUT
from course_pkg.training.cards import load_weights

BOOK = Path(__file__).parents[2] / "book"
CHAPTER = BOOK / "networks" / "training.ipynb"
ALT = "What there is to be seen, in words."
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def cells():
    return {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}


@pytest.fixture
def chapter(cells):
    """The functions that the chapter defines, from the cells that the reader sees."""
    defined = {"np": np, "torch": torch, "nn": nn, "F": F, "LeNet5": LeNet5}
    for name in ("look", "lenet-function", "deep", "sizes-through", "starts", "convnet", "with-dropout"):
        exec(cells[name], defined)
    exec(cells["ex5-code"], defined)
    return defined


# --- the chapter's own functions


@pytest.mark.parametrize("norms", [(), (nn.BatchNorm2d,)])
def test_the_pattern_gives_scores_for_any_size_and_depth(chapter, norms):
    net = chapter["convnet"]([4, 8, 16], (3, 40, 40), N=3, norms=norms)
    assert net(torch.zeros(5, 3, 40, 40)).shape == (5, 10)
    kinds = [type(part) for part in net]
    assert kinds.count(nn.Conv2d) == 9
    assert kinds.count(nn.MaxPool2d) == 3
    assert kinds.count(nn.BatchNorm2d) == 9 * len(norms)
    assert net[-1].in_features == 16 * 5 * 5


def test_lenet_with_other_parts_is_lenet(chapter):
    x = torch.rand(4, 1, 28, 28)
    for variant, parts in {
        "published": (nn.Sigmoid, nn.AvgPool2d),
        "modern": (nn.ReLU, nn.MaxPool2d),
    }.items():
        net, given = chapter["lenet"](*parts), LeNet5(variant)
        net.load_state_dict(given.state_dict())
        assert torch.equal(net(x), given(x))
    assert isinstance(chapter["lenet"](nn.Tanh, nn.MaxPool2d).layers.C5_out, nn.Tanh)


def test_look_shows_the_maps_that_the_network_makes(chapter):
    net, x = LeNet5("modern"), torch.rand(1, 1, 28, 28)
    maps, scores = chapter["look"](net, x)
    seen = {}
    for name in ("C1_out", "C3_out"):
        layer = getattr(net.layers, name)
        layer.register_forward_hook(lambda _, __, out, name=name: seen.__setitem__(name, out.detach()[0]))
    np.testing.assert_array_equal(scores, net(x)[0].detach())
    np.testing.assert_array_equal(maps["C1"], seen["C1_out"])
    np.testing.assert_array_equal(maps["C3"], seen["C3_out"])


@pytest.mark.parametrize("channels", [24, 40])
def test_the_starts_keep_the_signal_at_other_widths_too(chapter, channels):
    x = torch.randn(8, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    ratio = {}
    for name, start in chapter["starts"].items():
        torch.manual_seed(1)
        net = chapter["deep"](start, nn.ReLU, layers=10, channels=channels)
        sizes = chapter["sizes_through"](net, x)
        assert len(sizes) == 11
        assert sizes[0] == pytest.approx(x.square().mean().sqrt().item())
        ratio[name] = sizes[-1] / sizes[1]
    assert 0.3 < ratio["He"] < 3
    assert 0.3 < ratio["orthogonal × √2"] < 3
    assert ratio["Xavier"] == pytest.approx(ratio["He"] * 0.5**4.5, rel=1e-3)  # the same draws, scaled
    assert ratio["He × 2"] == pytest.approx(ratio["He"] * 2**9, rel=1e-3)


def test_dropout_is_where_it_was_asked_for(chapter):
    net = chapter["with_dropout"](nn.Dropout2d(0.3), ["C3_out"])
    assert [name for name, part in net.named_modules() if isinstance(part, nn.Dropout2d)] == [
        "layers.C3_out.1"
    ]
    net.eval()
    plain = LeNet5("modern")
    plain.load_state_dict(net.state_dict())
    x = torch.rand(3, 1, 28, 28)
    assert torch.equal(net(x), plain(x))


def test_a_folded_convolution_does_the_work_of_both(chapter):
    torch.manual_seed(2)
    conv, norm = nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5)
    for values in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(values)
    nn.init.uniform_(norm.running_var, 0.1, 2)
    norm.eval()
    x = torch.randn(4, 3, 9, 7)
    assert torch.allclose(chapter["folded"](conv, norm)(x), norm(conv(x)), atol=1e-5)


def test_the_summary_says_what_the_card_says(cells):
    _, card = load_weights(BOOK / "results" / "weights" / "lenet" / "modern.safetensors")
    mean = card["mean"]["test_error"]
    assert f"{100 * (1 - mean):.1f} % of 1,000 test digits, mean of three seeds" in cells["summary"]
    assert f"give or take {100 * np.sqrt(mean * (1 - mean) / 1000):.1f}" in cells["summary"]
    assert len(card["all_seeds"]) == 3


# --- its figures


def test_through_depth_draws_every_curve():
    curves = {name: RNG.uniform(0.1, 9, 5) for name in "abc"}
    names = ["one", "two", "three", "four", "five"]
    [axes] = training.through_depth(curves, layers=names, ylabel="size", alt=ALT).drawing.axes
    for line, values in zip(axes.lines, curves.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert axes.get_yscale() == "log"


def test_confusion_writes_each_count_in_its_cell_and_marks_the_mistakes():
    table = RNG.integers(0, 3, (4, 4)) + 40 * np.eye(4, dtype=int)
    [axes] = training.confusion(table, alt=ALT).drawing.axes
    written = {tuple(reversed(text.get_position())): text.get_text() for text in axes.texts}
    assert written == {place: str(count) for place, count in np.ndenumerate(table) if count}
    for patch in axes.patches:
        answer, truth = (round(corner + 0.47) for corner in patch.get_xy())
        expected = OUTPUT if truth == answer else KERNEL
        assert patch.get_facecolor()[:3] == to_rgba(expected)[:3]


def reader(**changes):
    weights = {f"layers.{name}": RNG.normal(size=shape) for name, shape in training._LENET.items()}
    given = {
        "weights": weights,
        "samples": {"a 4": np.full((28, 28), 7, np.uint8), "a 9": np.zeros((28, 28), np.uint8)},
        "start": "a 9",
        "maps": {name: RNG.uniform(size=shape) for name, shape in training._MAPS.items()},
        "scores": np.arange(10.0),
    }
    return weights, training.digit_reader(**(given | changes))


def test_digit_reader_carries_the_weights_in_their_order():
    weights, figure = reader()
    numbers = np.frombuffer(base64.b64decode(figure.settings["weights"]), "<f4")
    expected = np.concatenate([values.ravel() for values in weights.values()]).astype(np.float32)
    np.testing.assert_array_equal(numbers, expected)
    assert [f"layers.{name}" for name, _ in figure.settings["shapes"]] == list(weights)
    assert dict(LeNet5("modern").state_dict()).keys() == weights.keys()
    assert figure.settings["sample"] == 1
    assert base64.b64decode(figure.settings["samples"][0]["pixels"]) == bytes([7]) * 784
    share = np.exp(9) / np.exp(np.arange(10)).sum()
    assert f"reads a 9, with a share of {share:.0%}" in figure.still.alt
    assert [bar.get_width() for bar in figure.still.drawing.axes[1].patches][9] == pytest.approx(share)


@pytest.mark.parametrize(
    ("call", "error", "names"),
    [
        (lambda: training.through_depth({}, ylabel="y", alt=ALT), ValueError, "curves"),
        (lambda: training.through_depth({"a": [1, 0]}, ylabel="y", alt=ALT), ValueError, "positive"),
        (
            lambda: training.through_depth({"a": [1]}, layers=["b", "c"], ylabel="y", alt=ALT),
            ValueError,
            "each",
        ),
        (lambda: training.confusion([[1, 2]], alt=ALT), ValueError, "square"),
        (lambda: training.confusion([[1, -2], [0, 1]], alt=ALT), ValueError, "negative"),
        (lambda: reader(weights={"C1.weight": np.zeros(3)}), ValueError, "weights"),
        (lambda: reader(start="a 5"), ValueError, "start"),
        (lambda: reader(pen=7), ValueError, "pen"),
        (lambda: reader(scores=[1, 2]), ValueError, "scores"),
        (lambda: reader(samples={"a 9": np.zeros((28, 28))}), TypeError, "uint8"),
        (lambda: reader(samples={"a 9": np.zeros((8, 8), np.uint8)}), ValueError, "a 9"),
    ],
)
def test_bad_input_is_named(call, error, names):
    with pytest.raises(error, match=names):
        call()


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(training).failed == 0
    assert doctest.testmod(training).attempted >= 5
