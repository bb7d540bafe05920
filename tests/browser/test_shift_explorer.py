"""The figure of chapter 8 computes and measures as `course_pkg.ops` does, whatever is shifted."""

import base64
import re

import numpy as np
import pytest

from course_pkg import ops
from course_pkg.ops.symmetry import equivariance_error

FIGURE = "shift_explorer"


def image(figure, name):
    given = figure.settings()
    pixels = np.frombuffer(base64.b64decode(given["images"][name]), np.uint8)
    return pixels.reshape(given["height"], given["width"])


def ring(x, before, after):
    return np.pad(x, [(0, 0), (before, after), (before, after)], mode="wrap")


def layers(kernel):
    w = np.array(kernel, dtype=float)[None, None]

    def conv(x, stride=1):
        return np.maximum(ops.conv2d(ring(x, 1, 1), w, stride=stride), 0)

    return {
        "convolution": conv,
        "stride 2": lambda x: conv(x, 2),
        "max pool": lambda x: ops.max_pool2d(conv(x), 2),
        "max-blur-pool": lambda x: ops.blur_pool2d(
            ops.max_pool2d(ring(conv(x), 0, 1), 2, 1), 3, 2, padding_mode="circular"
        ),
    }


def moved(y, by):
    """To the right on a ring, straight lines between the values: by NumPy's own interpolation."""
    at = np.arange(y.shape[-1])
    rows = [np.interp(at - by, at, row, period=y.shape[-1]) for row in y.reshape(-1, y.shape[-1])]
    return np.reshape(rows, y.shape)


def error(layer, x, by):
    shrink = layer(x).shape[-1] / x.shape[-1]
    return equivariance_error(layer, lambda x: moved(x, by), x, lambda y: moved(y, by * shrink))


def check(figure):
    shown = figure.state()
    x = np.array(shown["x"]).reshape(1, figure.settings()["height"], -1)
    for name, layer in layers(shown["kernel"]).items():
        got = layer(moved(x, shown["shift"]))
        np.testing.assert_allclose(shown["outputs"][name], got.ravel(), rtol=0, atol=1e-9)
        if not layer(x).any():
            continue
        errors = [error(layer, x, by) for by in range(9)]
        np.testing.assert_allclose(shown["errors"][name], errors, rtol=0, atol=1e-9)
        percent = float(shown["shown"][name].split()[0])
        assert percent == pytest.approx(100 * errors[shown["shift"]], abs=0.51)
    return shown


def test_agrees_with_the_operators_on_random_images_and_kernels(figure):
    rng = np.random.default_rng(0)
    size = figure.settings()["height"] * figure.settings()["width"]
    for _ in range(30):
        given = {
            "x": rng.integers(0, 256, size).tolist(),
            "kernel": rng.normal(size=(3, 3)).tolist(),
            "shift": int(rng.integers(0, 9)),
        }
        figure.set(given)
        shown = check(figure)
        assert (shown["shift"], shown["kernel"]) == (given["shift"], given["kernel"])
        np.testing.assert_allclose(shown["x"], np.array(given["x"]) / 255, rtol=0, atol=1e-12)


def test_the_real_controls_choose_image_and_shift(figure):
    rng = np.random.default_rng(1)
    names = list(figure.settings()["images"])
    for name in names:
        figure.get_by_role("combobox").select_option(name)
        figure.get_by_role("slider").fill(str(rng.integers(0, 9)))
        shown = check(figure)
        assert shown["image"] == name
        assert shown["shift"] == int(figure.get_by_role("slider").input_value())
        np.testing.assert_allclose(shown["x"], image(figure, name).ravel() / 255, rtol=0, atol=1e-12)


def test_arrow_keys_move_the_image_and_even_shifts_are_exact(figure):
    slider = figure.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    for shift in range(1, 9):
        slider.press("ArrowRight")
        shown = check(figure)
        assert shown["shift"] == shift
        exact = {name for name, errors in shown["errors"].items() if errors[shift] < 1e-12}
        assert exact == ({"convolution"} if shift % 2 else set(shown["errors"]))
        plain, blurred = (shown["errors"][name][shift] for name in ("max pool", "max-blur-pool"))
        assert blurred <= plain


def test_the_sentence_divides_the_norms(figure):
    figure.get_by_role("slider").fill("3")
    shown = figure.state()
    off, size, percent = re.search(r"= ([\d.]+) ÷ ([\d.]+) = (\d+)\s%", shown["says"]).groups()
    x = np.array(shown["x"]).reshape(1, 28, 28)
    layer = layers(shown["kernel"])["max pool"]
    y = layer(x)
    assert float(size) == pytest.approx(np.linalg.norm(y), abs=1e-3)
    assert float(off) == pytest.approx(np.linalg.norm(layer(moved(x, 3)) - moved(y, 1.5)), abs=1e-3)
    assert int(percent) == round(100 * shown["errors"]["max pool"][3])
    assert figure.locator(".says").inner_text() == shown["says"]


def test_the_curve_marks_the_shift_and_the_canvases_show_the_maps(figure):
    figure.get_by_role("slider").fill("5")
    shown = figure.state()
    marks = figure.locator("circle")
    heights = {
        marks.nth(i).get_attribute("data-layer"): float(marks.nth(i).get_attribute("cy")) for i in range(4)
    }
    ordered = sorted(heights, key=heights.get, reverse=True)  # down the page is up in y
    assert ordered == sorted(heights, key=lambda name: shown["errors"][name][5])
    read = """(root, name) => { const c = root.querySelector(`[aria-label="${name}"] canvas`);
        return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
    for name, values in shown["outputs"].items():
        alpha = np.array(figure.evaluate(read, name))[3::4]
        top = layers(shown["kernel"])[name](np.array(shown["x"]).reshape(1, 28, 28)).max()
        expected = 255 * np.minimum(1, np.abs(values) / top)
        np.testing.assert_allclose(alpha, expected, atol=0.51)
