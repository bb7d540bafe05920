"""The figures of chapter 5 draw what they are given and refuse what they cannot draw."""

import base64
import doctest
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_pkg.ops import correlate
from course_pkg.plots import filters
from course_pkg.plots.figure import INPUT

ALT = "Some pictures, drawn beside each other."
IMAGE = np.arange(12, dtype=np.uint8).reshape(3, 4)
BLUR = {"blur": (np.ones((3, 3)), 9)}


def picture(axes):
    return np.asarray(axes.images[0].get_array())


def test_examples_run():
    assert doctest.testmod(filters).failed == 0


def test_needs_no_torch():
    code = "import course_pkg.plots.filters, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_number_grids_write_every_number_in_its_place_and_leave_nan_empty():
    x = [[1, -2], [np.nan, 0.125]]
    figure = filters.number_grids(
        [("x", x, "input", np.s_[0:1, 1:2]), "+", ("w", [[7]], "kernel", None)], alt=ALT
    )
    [axes] = figure.drawing.axes
    written = {text.get_text(): text.get_position() for text in axes.texts}
    assert set(written) == {"1", "−2", "0.125", "x", "+", "7", "w"}
    assert written["−2"][0] - written["1"][0] == pytest.approx(1)  # one column to the right
    assert written["0.125"][1] - written["−2"][1] == pytest.approx(1)  # one row down
    assert written["x"][0] < written["+"][0] < written["w"][0]
    shades = [patch.get_facecolor() for patch in axes.patches[:4]]
    assert shades[0][:3] == shades[1][:3] == to_rgb(INPUT)
    assert shades[1][3] > shades[0][3] > shades[2][3] == 0  # pointed out, plain, empty


def test_pictures_show_the_values_on_the_scale_of_their_kind():
    values = np.random.default_rng(0).normal(size=(5, 7))
    kinds = ("grey", "signed", "amount")
    figure = filters.pictures(*[(kind, values, kind) for kind in kinds], limit=0.5, alt=ALT)
    scales = {"grey": (0, 1), "signed": (-0.5, 0.5), "amount": (0, 0.5)}
    for axes, kind in zip(figure.drawing.axes, kinds, strict=False):
        np.testing.assert_array_equal(picture(axes), values)
        assert axes.images[0].get_clim() == scales[kind]
        assert axes.get_title() == kind


def test_without_a_limit_the_scale_is_the_99th_percentile_of_the_magnitudes():
    values = np.linspace(-100, 50, 151)[None]
    [axes, _] = filters.pictures(("signed", values, "signed"), alt=ALT).drawing.axes
    assert axes.images[0].get_clim() == pytest.approx((-98.5, 98.5))


def test_the_gallery_shows_kernel_divisor_and_image_side_by_side():
    kernel, image = [[1, 2], [3, 4]], np.eye(3)
    left, right = filters.kernel_gallery(("mix", (kernel, 10), image, "grey"), alt=ALT).drawing.axes
    assert [t.get_text() for t in left.texts if t.get_text()] == ["1", "2", "3", "4", "÷ 10"]
    assert left.get_title() == "mix"
    np.testing.assert_array_equal(picture(right), image)


def test_costs_draw_the_counts():
    K = np.array([2, 4, 8])
    [axes] = filters.costs(K, {"a": K**2, "b": 2 * K}, xlabel="K", ylabel="n", alt=ALT).drawing.axes
    first, second = axes.get_lines()
    np.testing.assert_array_equal(first.get_ydata(), K**2)
    np.testing.assert_array_equal(second.get_ydata(), 2 * K)
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_the_editor_carries_the_image_and_its_still_shows_the_filtered_one():
    kernels = {"edge": ([[-1, 0, 1]] * 3, 2), **BLUR}
    figure = filters.kernel_editor(IMAGE, kernels, start="edge", row=1, column=2)
    pixels = base64.b64decode(figure.settings["image"]["pixels"])
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(3, 4), IMAGE)
    assert figure.settings["presets"]["blur"] == {"kernel": np.ones((3, 3)).tolist(), "divisor": 9.0}
    y = correlate(IMAGE, [[-1, 0, 1]] * 3, mode="same") / 2
    before, after = figure.still.drawing.axes
    np.testing.assert_allclose(picture(before), IMAGE / 255)
    np.testing.assert_allclose(picture(after), y / 255)
    assert f"is {y[1, 2]:.1f}" in figure.still.alt


@pytest.mark.parametrize(
    ("error", "says", "draw"),
    [
        (ValueError, "rows", lambda: filters.number_grids(alt=ALT)),
        (ValueError, "rows.*a grid", lambda: filters.number_grids(["+"], alt=ALT)),
        (
            ValueError,
            "role.*'blue'.*'input'",
            lambda: filters.number_grids([("x", [[1]], "blue", None)], alt=ALT),
        ),
        (
            ValueError,
            "speed.*2 dimensions",
            lambda: filters.number_grids([("speed", [1], "input", None)], alt=ALT),
        ),
        (ValueError, "panels", lambda: filters.pictures(alt=ALT)),
        (ValueError, "kind.*'gray'.*'grey'", lambda: filters.pictures(("x", np.eye(2), "gray"), alt=ALT)),
        (
            ValueError,
            "columns.*at least 1",
            lambda: filters.pictures(("x", np.eye(2), "grey"), columns=0, alt=ALT),
        ),
        (TypeError, "sky.*'blue'", lambda: filters.pictures(("sky", "blue", "grey"), alt=ALT)),
        (ValueError, "panels", lambda: filters.kernel_gallery(alt=ALT)),
        (ValueError, "counts.*got 0", lambda: filters.costs([1], {}, xlabel="x", ylabel="y", alt=ALT)),
        (
            ValueError,
            "work.*2 positive",
            lambda: filters.costs([1, 2], {"work": [1, 0]}, xlabel="x", ylabel="y", alt=ALT),
        ),
        (
            TypeError,
            "image.*float64.*uint8",
            lambda: filters.kernel_editor(IMAGE / 255, BLUR, start="blur", row=0, column=0),
        ),
        (
            ValueError,
            "start.*'smear'.*'blur'",
            lambda: filters.kernel_editor(IMAGE, BLUR, start="smear", row=0, column=0),
        ),
        (
            ValueError,
            "column.*4.*0 to 3",
            lambda: filters.kernel_editor(IMAGE, BLUR, start="blur", row=0, column=4),
        ),
        (
            ValueError,
            r"dot.*\(1, 1\)",
            lambda: filters.kernel_editor(IMAGE, {"dot": ([[1]], 1)}, start="dot", row=0, column=0),
        ),
        (
            ValueError,
            "none.*divisor 0",
            lambda: filters.kernel_editor(
                IMAGE, {"none": (np.ones((3, 3)), 0)}, start="none", row=0, column=0
            ),
        ),
    ],
)
def test_bad_input_is_named(error, says, draw):
    with pytest.raises(error, match=says):
        draw()
