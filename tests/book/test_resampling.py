"""The chapter on resampling: its figures draw what they are given, its loops are PyTorch's operators."""

import doctest
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.plots import resampling

CHAPTER = Path(__file__).parents[2] / "book" / "two_dimensions" / "resampling.ipynb"
ALT = "an alternative text for a figure"
F = torch.nn.functional


@cache
def chapter_function(cell_id, name):
    """A function that the chapter defines, from the cell that the reader sees."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    namespace = {"np": np}
    exec(cells[cell_id], namespace)
    return namespace[name]


def numbers(axes):
    """The numbers written in a figure, from top to bottom and left to right."""
    found = [(t.get_position(), t.get_text().replace("−", "-")) for t in axes.texts]
    rows = sorted(found, key=lambda item: (round(item[0][1], 2), item[0][0]))
    return [float(text) for _, text in rows if text.lstrip("-").replace(".", "").isdigit()]


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 7),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 4),
)
def test_the_transposed_loop_is_pytorchs(seed, size, kernel, stride):
    random = np.random.default_rng(seed)
    x, w = random.normal(size=size), random.normal(size=kernel)
    y = chapter_function("transposed-loop", "transposed")(x, w, stride)
    expected = F.conv_transpose1d(torch.tensor(x)[None, None], torch.tensor(w)[None, None], stride=stride)
    np.testing.assert_allclose(y, expected[0, 0], atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 9), scale=st.integers(2, 6))
def test_the_linear_loop_is_pytorchs(seed, size, scale):
    x = np.random.default_rng(seed).normal(size=size)
    y = chapter_function("linear", "linear")(x, scale)
    expected = F.interpolate(torch.tensor(x)[None, None], scale_factor=scale, mode="linear")
    np.testing.assert_allclose(y, expected[0, 0], atol=1e-12)


@pytest.mark.parametrize(("shape", "scale"), [((4, 2, 3), 2), ((18, 3, 2), 3), ((5, 2, 2), 1)])
def test_the_shuffle_loop_is_pytorchs(shape, scale):
    x = np.random.default_rng(1).normal(size=shape)
    y = chapter_function("shuffle-loop", "shuffle")(x, scale)
    np.testing.assert_array_equal(y, F.pixel_shuffle(torch.tensor(x), scale))


def test_equal_tap_sums_are_what_keeps_a_constant_constant():
    tap_sums = chapter_function("tap-sums-code", "tap_sums")
    for taps, stride in (([1, 2, 1], 2), ([3, 1, 3, 1], 2), ([1, 2, 3, 2, 1], 3), ([1, 1, 1, 1], 3)):
        w = torch.tensor(taps, dtype=torch.float64)[None, None]
        y = F.conv_transpose1d(torch.ones(1, 1, 12, dtype=torch.float64), w, stride=stride)[0, 0]
        middle = y[len(taps) : -len(taps)].numpy()
        assert (np.ptp(middle) == 0) == (np.ptp(tap_sums(np.array(taps), stride)) == 0)


def test_aliases_marks_the_positions_that_are_kept():
    [axes] = resampling.aliases(0.3, 0.2, 2, 11, alt=ALT).drawing.axes
    fine, slow, kept = axes.lines
    np.testing.assert_array_equal(kept.get_xdata(), np.arange(0, 11, 2))
    for wave in (fine, slow):
        at_kept = np.interp(kept.get_xdata(), wave.get_xdata(), wave.get_ydata())
        np.testing.assert_allclose(at_kept, kept.get_ydata(), atol=0.03)
    assert not np.allclose(fine.get_ydata(), slow.get_ydata())


def test_overlaps_counts_the_bars_above_each_output():
    figure = resampling.overlaps({"three": (3, 2), "gaps": (2, 3)}, inputs=4, alt=ALT).drawing
    for axes, (kernel, stride) in zip(figure.axes, [(3, 2), (2, 3)], strict=True):
        bars = [p for p in axes.patches if p.get_width() > 1]
        assert len(bars) == 4
        under = [
            sum(bar.get_x() < n < bar.get_x() + bar.get_width() for bar in bars)
            for n in range(3 * stride + kernel)
        ]
        assert numbers(axes) == under


@pytest.mark.parametrize(
    ("kind", "kernel", "stride", "padding"), [("own", 4, 3, 0), ("tent", 5, 2, 2), ("ones", 2, 3, 1)]
)
def test_the_explorers_still_is_a_transposed_convolution(kind, kernel, stride, padding):
    x, own = np.array([2.0, -1, 3]), np.array([1.0, 4, -2, 5, 6, 7])
    explorer = resampling.transposed_explorer(
        x, own, kind=kind, kernel=kernel, stride=stride, padding=padding
    )
    w = {"own": own[:kernel], "tent": np.array([1.0, 2, 3, 2, 1]), "ones": np.ones(kernel)}[kind]
    layer = [torch.tensor(a)[None, None] for a in (x, w)]
    y = F.conv_transpose1d(*layer, stride=stride, padding=padding)[0, 0].tolist()
    counts = F.conv_transpose1d(*map(torch.ones_like, layer), stride=stride, padding=padding)[0, 0].tolist()
    assert numbers(explorer.still.drawing.axes[0])[-2 * len(y) :] == y + counts
    assert explorer.settings["copies"] == 3


def test_no_zero_is_drawn_with_a_minus_sign():
    explorer = resampling.transposed_explorer([0, 1], [-1] * 6, kind="own", kernel=2, stride=2)
    assert "−0" not in [text.get_text() for text in explorer.still.drawing.axes[0].texts]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: resampling.aliases(0.4, 0.2, 2, 20, alt=ALT), ValueError, "slow: got 0.2"),
        (lambda: resampling.aliases(0.4, 0.1, 0, 20, alt=ALT), ValueError, "stride: got 0"),
        (lambda: resampling.overlaps({}, inputs=3, alt=ALT), ValueError, "panels: got none"),
        (lambda: resampling.overlaps({"a": (0, 1)}, inputs=3, alt=ALT), ValueError, "kernel: got 0"),
        (lambda: explorer(x=[1]), ValueError, "x, w: got 1 and 6"),
        (lambda: explorer(kind="box"), ValueError, "kind: got 'box'"),
        (lambda: explorer(kernel=7), ValueError, "kernel: got 7, expected 1 to 6"),
        (lambda: explorer(stride=1.5), TypeError, "stride: got float 1.5"),
        (lambda: explorer(x=[1, 2], kernel=1, stride=1, padding=1), ValueError, "leaves nothing of 2"),
        (lambda: explorer(x="12"), TypeError, "x: got str"),
    ],
)
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def explorer(x=(1, 2, 3), kind="ones", kernel=3, stride=2, padding=0):
    options = {"kind": kind, "kernel": kernel, "stride": stride, "padding": padding}
    return resampling.transposed_explorer(x, [1] * 6, **options)


def test_docstring_examples():
    failed, tried = doctest.testmod(resampling)
    assert tried
    assert not failed
