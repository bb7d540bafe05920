"""The figures of chapter 8 draw what they are given and refuse what they cannot draw."""

import base64
import doctest
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_pkg.plots import invariance
from course_pkg.plots.figure import INPUT, KERNEL, OUTPUT

ALT = "Some numbers in cells, and others beside them."
X = np.array([[1.0, 4, 2, 0], [3, 2, 1, 7], [0, 6, 5, 3], [2, 1, 4, 8]])
IMAGES = {"ramp": np.arange(16, dtype=np.uint8).reshape(4, 4), "flat": np.full((4, 4), 9, np.uint8)}
LAYERS = {
    "same": np.abs,
    "every other": lambda x: x[:, ::2, ::2],
    "mean": lambda x: (x + np.roll(x, 1, -1)) / 2,
    "zero where low": lambda x: np.where(x > 0.02, x, 0.0),
}


def roll(x, by):
    return np.roll(x, int(by), axis=-1)


def explorer(**changes):
    given = {"images": IMAGES, "kernel": np.ones((3, 3)), "layers": LAYERS, "move": roll}
    return invariance.shift_explorer(**(given | {"start": "ramp", "by": 2} | changes))


def cells(axes):
    """Colour and strength of each cell, by the place of its number."""
    boxes = {tuple(np.round(p.get_xy(), 6)): p.get_facecolor() for p in axes.patches}
    found = {}
    for text in axes.texts:
        x, y = text.get_position()
        corner = tuple(np.round((x - 0.46, y - 0.03 - 0.46), 6))
        if corner in boxes:
            found[text.get_text(), round(x, 3)] = boxes[corner]
    return found


def test_examples_run():
    assert doctest.testmod(invariance).failed == 0


def test_needs_no_torch():
    code = (
        "import course_pkg.plots.invariance, course_pkg.ops.symmetry, sys; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_max_pooling_points_out_the_values_that_win():
    y = X.reshape(2, 2, 2, 2).max(axis=(1, 3))
    [axes] = invariance.max_pooling(X, y, kernel=2, stride=2, alt=ALT).drawing.axes
    drawn = cells(axes)
    assert len(drawn) == 16 + 4
    inputs = {key: colour for key, colour in drawn.items() if key[1] < 4}
    assert all(colour[:3] == to_rgb(INPUT) for colour in inputs.values())
    strong = {key for key, colour in inputs.items() if colour[3] > 0.5}
    assert strong == {("4", 1), ("7", 3), ("6", 1), ("8", 3)}
    outputs = {key[0] for key, colour in drawn.items() if colour[:3] == to_rgb(OUTPUT)}
    assert outputs == {"4", "7", "6", "8"}
    windows = [p for p in axes.patches if p.get_edgecolor()[:3] == to_rgb(KERNEL)]
    assert sorted(p.get_xy() for p in windows) == [(-0.5, -0.5), (-0.5, 1.5), (1.5, -0.5), (1.5, 1.5)]


def test_overlapping_windows_keep_their_places():
    y = [[6, 7], [6, 8]]
    [axes] = invariance.max_pooling(X, y, kernel=3, stride=1, alt=ALT).drawing.axes
    windows = [p for p in axes.patches if p.get_edgecolor()[:3] == to_rgb(KERNEL)]
    assert [(p.get_xy(), p.get_width()) for p in windows][-1] == ((0.5, 0.5), 3)


def test_grouped_marks_what_differs_from_the_first_row():
    rows = {"old": ([1, 8, 2, 4, 3, 6], [8, 6]), "new": ([0, 8, 1, 2, 4, 3], [8, 4])}
    [axes] = invariance.grouped(rows, kernel=3, alt=ALT).drawing.axes
    numbers = [t for t in axes.texts if t.get_text() not in rows]
    strengths = {}
    for text, patch in zip(numbers, axes.patches, strict=True):  # drawn in one order
        strengths.setdefault(round(text.get_position()[1] - 0.03, 2), []).append(
            (text.get_text(), patch.get_facecolor()[3] >= 0.5)
        )
    assert strengths[0.0] == [(n, False) for n in "182436"]
    assert strengths[1.25] == [("8", False), ("6", False)]
    changed = [True, False, True, True, True, True]
    assert strengths[3.1] == list(zip("081243", changed, strict=True))
    assert strengths[4.35] == [("8", False), ("4", True)]


@pytest.mark.parametrize("at", [["conv", "pool"], [0, 5]])
def test_errors_draw_each_curve(at):
    curves = {"stride": [0, 0.5], "blur": [0, 0.25]}
    [axes] = invariance.errors(at, curves, xlabel="shift", alt=ALT).drawing.axes
    for line, (label, values) in zip(axes.get_lines(), curves.items(), strict=True):
        assert line.get_label() == label
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert len({line.get_linestyle() for line in axes.get_lines()}) == 2
    assert axes.get_xlabel() == "shift"


def test_spans_draw_every_tap_and_their_union():
    figure = invariance.spans({"second": (5, 6, 2), "third": (5, 16, 4)}, alt=ALT)
    for axes, (width, step, size) in zip(figure.drawing.axes, [(6, 2, 14), (16, 4, 32)], strict=True):
        *taps, union = axes.patches
        assert [(p.get_x(), p.get_width()) for p in taps] == [(k * step, width) for k in range(5)]
        assert (union.get_x(), union.get_width()) == (0, size)
        assert [t.get_text() for t in axes.texts] == [f"{size} inputs"]


def test_the_explorer_carries_the_images_and_its_still_shows_the_layers():
    figure = explorer()
    pixels = base64.b64decode(figure.settings["images"]["ramp"])
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(4, 4), IMAGES["ramp"])
    assert (figure.settings["image"], figure.settings["shift"]) == ("ramp", 2)
    x = IMAGES["ramp"] / 255
    still = figure.still.drawing.axes
    np.testing.assert_allclose(still[0].images[0].get_array(), roll(x, 2))
    got, wanted = roll(x, 2)[::2, ::2], roll(x[::2, ::2], 1)
    np.testing.assert_allclose(still[1].images[0].get_array(), got)
    np.testing.assert_allclose(still[5].images[0].get_array(), got - wanted)
    assert "shifted by 2 pixels" in figure.still.alt
    assert "same 0%, every other 0%" in figure.still.alt
    off = roll(x, 1)[::2, ::2] - x[::2, ::2]  # `roll` rounds half a position down to none
    share = np.linalg.norm(off) / np.linalg.norm(x[::2, ::2])
    assert f"every other {share:.0%}" in explorer(by=1).still.alt


@pytest.mark.parametrize(
    ("error", "says", "draw"),
    [
        (ValueError, "x.*2 dim", lambda: invariance.max_pooling([1], [[1]], kernel=1, stride=1, alt=ALT)),
        (ValueError, "kernel", lambda: invariance.max_pooling(X, [[1]], kernel=0, stride=1, alt=ALT)),
        (ValueError, "past x", lambda: invariance.max_pooling(X, X, kernel=2, stride=2, alt=ALT)),
        (ValueError, "rows", lambda: invariance.grouped({}, kernel=2, alt=ALT)),
        (ValueError, "'b'", lambda: invariance.grouped({"b": ([1, 2, 3], [2])}, kernel=2, alt=ALT)),
        (ValueError, "curves: got 0", lambda: invariance.errors([1], {}, xlabel="x", alt=ALT)),
        (ValueError, "a: got.*2 errors", lambda: invariance.errors([1, 2], {"a": [1]}, xlabel="x", alt=ALT)),
        (ValueError, "a: got", lambda: invariance.errors([1], {"a": [-1]}, xlabel="x", alt=ALT)),
        (ValueError, "panels", lambda: invariance.spans({}, alt=ALT)),
        (ValueError, "panels.*'a'", lambda: invariance.spans({"a": (5, 0, 1)}, alt=ALT)),
        (TypeError, "images.*float64", lambda: explorer(images={"ramp": X})),
        (ValueError, "images.*even", lambda: explorer(images={"ramp": IMAGES["ramp"][:3]})),
        (ValueError, "images", lambda: explorer(images={})),
        (ValueError, "kernel.*3, 3", lambda: explorer(kernel=np.ones((5, 5)))),
        (ValueError, "layers: got 1", lambda: explorer(layers={"same": np.abs})),
        (ValueError, "start.*'cat'.*'ramp'", lambda: explorer(start="cat")),
        (ValueError, "by: got 9", lambda: explorer(by=9)),
    ],
)
def test_bad_input_is_named(error, says, draw):
    with pytest.raises(error, match=says):
        draw()
