"""The figures of chapter 2 draw what they are given and refuse what they cannot draw."""

import doctest

import numpy as np
import pytest

from course_pkg.ops import convolve
from course_pkg.plots import signals
from course_pkg.plots.figure import INPUT, OUTPUT

ALT = "Two signals, drawn one above the other."


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_examples_run():
    assert doctest.testmod(signals).failed == 0


def test_traces_draw_the_values_in_the_colour_of_their_role():
    x, y = np.random.default_rng(0).normal(size=(2, 30))
    top, bottom = signals.traces(
        [("x", x, "input")], [("y", y, "output")], alt=ALT, marks=[4, 9]
    ).drawing.axes
    *marks, line = top.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), x)
    assert line.get_color() == INPUT
    assert [mark.get_xdata()[0] for mark in marks] == [4, 9]
    np.testing.assert_array_equal(bottom.get_lines()[-1].get_ydata(), y)
    assert bottom.get_lines()[-1].get_color() == OUTPUT


def test_stems_write_every_value():
    top, bottom = signals.stems(("x", [1, -3, 2.5], "input"), ("y", [0.125], "output"), alt=ALT).drawing.axes
    assert texts(top) == ["1", "−3", "2.5"]
    assert texts(bottom) == ["0.125"]
    np.testing.assert_array_equal(top.get_lines()[-1].get_ydata(), [1, -3, 2.5])


@pytest.mark.parametrize(("reading", "last"), [("translate", 4), ("flip", 6)])
def test_slide_and_sum_ends_with_the_convolution(reading, last):
    x, w = [1, 3, 2, 0, -1], [2, 1, -1]
    figure = signals.slide_and_sum(x, w, reading=reading, step=last)
    assert figure.settings == {"x": x, "w": w, "reading": reading, "step": last}
    output = figure.still.drawing.axes[-1]
    np.testing.assert_array_equal(output.get_lines()[-1].get_ydata(), convolve(x, w))


def test_slide_and_sum_shows_only_what_has_been_added_or_computed():
    x, w = [1, 3, 2, 0, -1], [2, 1, -1]
    partial = signals.slide_and_sum(x, w, reading="translate", step=1).still.drawing.axes
    np.testing.assert_array_equal(partial[-1].get_lines()[-1].get_ydata(), [2, 7, 2, -3, 0, 0, 0])
    assert [text for text in texts(partial[1]) if "w" not in text] == ["2", "1", "−1", "6", "3", "−3"]
    first = signals.slide_and_sum(x, w, reading="flip", step=1).still.drawing.axes
    np.testing.assert_array_equal(first[-1].get_lines()[-1].get_ydata(), [2, 7])
    # the columns so far, then the flipped kernel below position 1
    assert [text for text in texts(first[1]) if "w" not in text] == ["2", "1", "6", "2", "1", "−1"]


def test_overlap_draws_the_flipped_second_function():
    t = np.linspace(-2, 2, 41)

    def ramp(t):
        return np.clip(t, 0, 1)

    axes = signals.overlap(t, np.cos, ramp, np.sin(t), shifts=[0.5], alt=ALT).drawing.axes
    first, second = axes[0].get_lines()
    np.testing.assert_allclose(first.get_ydata(), np.cos(first.get_xdata()))
    np.testing.assert_allclose(second.get_ydata(), ramp(0.5 - second.get_xdata()))
    np.testing.assert_allclose(axes[1].get_lines()[0].get_ydata(), np.sin(t))


@pytest.mark.parametrize(
    ("error", "says", "draw"),
    [
        (ValueError, "rows", lambda: signals.traces(alt=ALT)),
        (ValueError, "rows", lambda: signals.stems(alt=ALT)),
        (ValueError, "role.*blue.*'input'", lambda: signals.stems(("x", [1], "blue"), alt=ALT)),
        (ValueError, "speed.*empty", lambda: signals.stems(("speed", [], "input"), alt=ALT)),
        (ValueError, "speed.*finite", lambda: signals.traces([("speed", [1, np.nan], "input")], alt=ALT)),
        (TypeError, "speed.*'fast'", lambda: signals.traces([("speed", "fast", "input")], alt=ALT)),
        (ValueError, "alt", lambda: signals.stems(("x", [1], "input"), alt="x")),
        (ValueError, "x.*at most 8", lambda: signals.slide_and_sum([1] * 9, [1], reading="flip", step=0)),
        (ValueError, "w.*at most 4", lambda: signals.slide_and_sum([1], [1] * 5, reading="flip", step=0)),
        (ValueError, "reading.*'slide'", lambda: signals.slide_and_sum([1], [1], reading="slide", step=0)),
        (
            ValueError,
            "step.*0 to 1",
            lambda: signals.slide_and_sum([1, 2], [1, 2], reading="translate", step=2),
        ),
        (TypeError, "step", lambda: signals.slide_and_sum([1, 2], [1, 2], reading="translate", step=0.5)),
        (ValueError, "y.*3 times", lambda: signals.overlap([0, 1, 2], abs, abs, [0], shifts=[0], alt=ALT)),
        (ValueError, "shifts", lambda: signals.overlap([0, 1], abs, abs, [0, 0], shifts=[], alt=ALT)),
    ],
)
def test_bad_input_is_named(error, says, draw):
    with pytest.raises(error, match=says):
        draw()
