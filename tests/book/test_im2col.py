"""Chapter 7: its functions are the layers that PyTorch computes, and its figures draw what they are given."""

from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from course_pkg.plots import columns, timings

CHAPTER = Path(__file__).parents[2] / "book" / "two_dimensions" / "im2col.ipynb"
TAUGHT = ["six_loops", "windows", "strided", "im2col", "columns", "taps", "fft", "pool", "pool_columns"]
TAUGHT += ["copies_formula", "e3_solution", "e4_solution", "e5_solution"]
ALT = "A sentence that says what is seen."


@cache
def chapter():
    """The functions that the chapter defines, from the cells that the reader sees."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    defined = {"np": np, "sliding_window_view": sliding_window_view}
    for name in TAUGHT:
        exec(cells[name], defined)
    return defined


def texts(axes):
    return [text.get_text().replace("−", "-") for text in axes.texts]


layers = given(
    seed=st.integers(0, 2**32 - 1),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 4)),
    image=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 2),
)


@settings(deadline=None, max_examples=60)
@layers
def test_every_method_is_pytorchs_layer(seed, channels, image, kernel, stride, padding):
    random = np.random.default_rng(seed)
    x = random.normal(size=(channels[0], *image))
    w = random.normal(size=(channels[1], channels[0], kernel, kernel))
    padded = np.pad(x, [(0, 0), (padding, padding), (padding, padding)])
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(padded), torch.from_numpy(w), stride=stride
    ).numpy()
    for name in ("conv_windows", "conv_columns", "conv_taps", "conv_fft"):
        np.testing.assert_allclose(chapter()[name](x, w, stride, padding), expected, atol=1e-11, err_msg=name)
    np.testing.assert_allclose(chapter()["conv_loops"](padded, w, stride), expected, atol=1e-11)
    batch = chapter()["conv_batch"](np.stack([padded, 2 * padded]), w, stride)
    np.testing.assert_allclose(batch, np.stack([expected, 2 * expected]), atol=1e-11)


@settings(deadline=None, max_examples=60)
@layers
def test_columns_pools_and_counts_are_pytorchs(seed, channels, image, kernel, stride, padding):
    x = np.random.default_rng(seed).normal(size=(channels[0], *image))
    tensor = torch.from_numpy(x)
    unfolded = torch.nn.functional.unfold(tensor, kernel, padding=padding, stride=stride)
    np.testing.assert_array_equal(chapter()["im2col"](x, kernel, stride, padding), unfolded.numpy())
    pooled = torch.nn.functional.max_pool2d(tensor, kernel, stride).numpy()
    for name in ("max_pool", "max_pool_columns", "max_pool_taps"):
        np.testing.assert_array_equal(chapter()[name](x, kernel, stride), pooled, err_msg=name)
    ones = torch.nn.functional.unfold(torch.ones(1, *image), kernel, stride=stride)
    counts = torch.nn.functional.fold(ones, image, kernel, stride=stride)[0].numpy()
    along = [chapter()["copies"](size, kernel, stride) for size in image]
    np.testing.assert_array_equal(np.outer(*along), counts)


def test_col2im_of_the_exercise_adds_back():
    columns = np.random.default_rng(0).normal(size=(18, 16))
    expected = torch.nn.functional.fold(torch.from_numpy(columns), 6, 3).numpy()
    np.testing.assert_allclose(chapter()["col2im"](columns, 2, 6, 3), expected, atol=1e-12)


def test_unrolled_writes_the_image_and_its_windows():
    [axes] = columns.unrolled([[1, -2, 3], [4, 5, 6]], 2, chosen=1, alt=ALT).drawing.axes
    image, matrix = texts(axes)[:7], texts(axes)[7:]
    assert image == ["1", "-2", "3", "4", "5", "6", "image: 2 × 3"]
    assert matrix == ["1", "-2", "-2", "3", "4", "5", "5", "6", "$X_{col}$: 4 × 2"]
    window, column = axes.patches[-3].get_bbox().bounds, axes.patches[-1].get_bbox().bounds
    assert window == (1, 0, 2, 2)  # the second window
    assert np.allclose(column, (4.2 + 1, 0, 1, 4))  # the second column


def test_unrolled_moves_in_strides():
    [axes] = columns.unrolled(np.arange(16).reshape(4, 4), 2, stride=2, chosen=3, alt=ALT).drawing.axes
    assert texts(axes)[17:21] == ["0", "2", "8", "10"]
    assert axes.patches[-3].get_bbox().bounds == (2, 2, 2, 2)


def test_copies_writes_small_counts_and_colours_large_ones():
    small, large = columns.copies({"a": [[1, 2], [2, 4]], "b": np.ones((20, 20))}, alt=ALT).drawing.axes
    assert texts(small) == ["1", "2", "2", "4"]
    assert texts(large) == []
    assert small.images[0].get_clim() == large.images[0].get_clim() == (0, 4)
    np.testing.assert_array_equal(large.images[0].get_array(), np.ones((20, 20)))


def test_photo_and_maps_draws_them():
    photo, maps = np.random.default_rng(0).random((3, 4, 6)), {name: np.eye(3) for name in "abc"}
    axes = columns.photo_and_maps(photo, maps, alt=ALT).drawing.axes
    np.testing.assert_array_equal(axes[0].images[0].get_array(), photo.transpose(1, 2, 0))
    assert [part.get_title(loc="left") for part in axes[1:]] == list("abc")


def test_time_bars_end_at_the_times():
    axes = timings.time_bars({"slow": 12.0, "fast": 0.0031}, alt=ALT).drawing.axes[0]
    assert np.allclose([bar.get_x() + bar.get_width() for bar in axes.patches], [12, 0.0031])
    assert texts(axes) == ["slow: 12 s", "fast: 3.1 ms"]


def test_job_times_leaves_out_what_was_not_measured():
    jobs = {"first": {"loops": 2.0, "fast": 0.01}, "second": {"fast": 0.02}}
    lines = timings.job_times(jobs, methods=["loops", "fast"], alt=ALT).drawing.axes[0].lines
    assert [list(line.get_xdata()) for line in lines] == [[0], [0, 1]]
    assert [list(line.get_ydata()) for line in lines] == [[2.0], [0.01, 0.02]]


def test_growth_draws_every_curve_on_logarithmic_axes():
    panels = {"side": {"loops": ([1, 2], [1, 4])}, "batch": {"fast": ([1, 8], [0.1, 0.8])}}
    axes = timings.growth(panels, methods=["loops", "fast"], alt=ALT).drawing.axes
    assert [part.get_xscale() + part.get_yscale() for part in axes] == ["loglog"] * 2
    assert list(axes[1].lines[0].get_ydata()) == [0.1, 0.8]
    assert axes[0].lines[0].get_color() != axes[1].lines[0].get_color()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: columns.unrolled([1, 2], 1, alt=ALT), "x: got an array of shape"),
        (lambda: columns.unrolled([[1, 2]], 2, alt=ALT), "kernel_size: got 2, expected at most 1"),
        (lambda: columns.unrolled([[1, 2]], 1, chosen=2, alt=ALT), "chosen: got 2, expected 0 to 1"),
        (lambda: columns.copies({}, alt=ALT), "maps: got none"),
        (lambda: columns.copies({"a": [[-1]]}, alt=ALT), "maps: got a negative count"),
        (lambda: columns.photo_and_maps(np.zeros((3, 2, 2)), {}, alt=ALT), "maps: got 0, expected three"),
        (lambda: columns.photo_and_maps(np.full((3, 2, 2), 2), {}, alt=ALT), "photo: got shape"),
        (lambda: timings.time_bars({}, alt=ALT), "seconds: got {}"),
        (lambda: timings.time_bars({"a": 0.0}, alt=ALT), "expected at least one positive time"),
        (lambda: timings.job_times({"a": {"b": 1.0}}, methods=[], alt=ALT), "methods: got 0"),
        (lambda: timings.growth({}, methods=["a"], alt=ALT), "panels: got none"),
        (
            lambda: timings.growth({"p": {"a": ([1], [1, 2])}}, methods=["a"], alt=ALT),
            "as many positive times",
        ),
    ],
)
def test_bad_input_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
