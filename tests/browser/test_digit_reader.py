"""The network that runs in the page: scores and maps of PyTorch, on digits drawn by hand, finger and keys."""

import base64
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from course_pkg.data.digits import mnist_digits
from course_pkg.models import LeNet5
from course_pkg.training.cards import load_weights

FIGURE = "digit_reader"
STORED = Path(__file__).parents[2] / "book" / "results" / "weights" / "lenet" / "modern.safetensors"
PAD = 112


@pytest.fixture
def network(figure):
    """PyTorch's LeNet with the weights that lie in the page."""
    settings = figure.settings()
    numbers = np.frombuffer(base64.b64decode(settings["weights"]), "<f4").copy()
    parts = torch.from_numpy(numbers).split([math.prod(shape) for _, shape in settings["shapes"]])
    named = zip(settings["shapes"], parts, strict=True)
    net = LeNet5("modern")
    net.load_state_dict({f"layers.{name}": part.view(shape) for (name, shape), part in named})
    return net.eval()


def agrees(figure, network):
    """What is shown, after a comparison of scores and maps with PyTorch's."""
    shown = figure.state()
    maps = figure.evaluate("root => root.course.maps()")
    x = torch.tensor(shown["x"], dtype=torch.float32).view(1, 1, 28, 28)
    with torch.no_grad():
        for name, after in (("C1", "C1_out"), ("S2", "S2"), ("C3", "C3_out"), ("S4", "S4")):
            at = [layer for layer, _ in network.layers.named_children()].index(after)
            np.testing.assert_allclose(maps[name], network.layers[: at + 1](x).flatten(), rtol=0, atol=1e-4)
        np.testing.assert_allclose(shown["scores"], network(x)[0], rtol=0, atol=1e-4)
    return shown


def prepared(ink):
    """Ink (112, 112) as the network gets it: sums over strips, by interpolation of running sums."""
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    step = (max(np.ptp(rows), np.ptp(columns)) + 1) / 20
    at = np.arange(PAD) + 0.5
    down, across = ink.sum(axis=1) @ at / ink.sum(), ink.sum(axis=0) @ at / ink.sum()
    for axis, middle in ((0, down), (1, across)):
        edges = middle + step * (np.arange(29) - 14.5)
        running = np.insert(np.cumsum(ink, axis=axis), 0, 0.0, axis=axis)
        ink = np.diff(np.apply_along_axis(partial(_interpolated, edges), axis, running), axis=axis)
    return ink / step**2


def _interpolated(at, sums):
    return np.interp(at, np.arange(len(sums)), sums)


def best(shown):
    return int(np.argmax(shown["scores"]))


def test_carries_the_stored_weights(network):
    weights, card = load_weights(STORED)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, weights[name]), name
    assert card["network"] == "modern"


def test_agrees_with_pytorch_on_digits_and_on_noise(figure, network):
    rng = np.random.default_rng(0)
    digits = mnist_digits().x_test[:12].reshape(12, -1)
    noise = rng.uniform(size=(4, 784)) * rng.integers(0, 2, size=(4, 1, 784))[:, 0]
    for x in [*digits, *noise, np.zeros(784)]:
        figure.set({"x": x.tolist()})
        shown = agrees(figure, network)
        np.testing.assert_allclose(shown["x"], x, rtol=0, atol=1e-7)
        assert shown["sample"] is None


def test_ink_is_scaled_and_centred_as_in_mnist(figure, network):
    rng = np.random.default_rng(1)
    for _ in range(6):
        ink = np.zeros((PAD, PAD))
        height, width = rng.integers(8, 60, 2)
        top, left = rng.integers(0, [PAD - height, PAD - width])
        ink[top : top + height, left : left + width] = rng.uniform(size=(height, width)) > 0.6
        figure.set({"ink": ink.ravel().tolist()})
        x = np.array(agrees(figure, network)["x"]).reshape(28, 28)
        np.testing.assert_allclose(x, prepared(ink), rtol=0, atol=1e-9)
        middle = np.arange(28) + 0.5
        for axis in (0, 1):
            assert x.sum(axis=axis) @ middle / x.sum() == pytest.approx(14.5, abs=0.05)
            taken = np.flatnonzero(x.any(axis=axis))
            assert np.ptp(taken) + 1 <= 22  # 20, and a part of a pixel at either end


def test_every_sample_can_be_chosen_and_the_pad_cleared(figure, network):
    for i, sample in enumerate(figure.settings()["samples"]):
        figure.get_by_role("combobox").select_option(label=sample["title"])
        shown = agrees(figure, network)
        assert shown["sample"] == i
        pixels = np.frombuffer(base64.b64decode(sample["pixels"]), np.uint8)
        np.testing.assert_allclose(shown["x"], pixels / 255, rtol=0, atol=1e-12)
        assert f"reads a {best(shown)}" in figure.locator(".says").inner_text()
    figure.get_by_role("button", name="Clear").click()
    assert not any(figure.state()["x"])
    assert "Nothing is drawn" in figure.locator(".says").inner_text()


def test_the_samples_are_read_as_their_titles_say(figure):
    for i, sample in enumerate(figure.settings()["samples"]):
        figure.set({"sample": i})
        digit = int(sample["title"].split()[1])
        assert (best(figure.state()) == digit) == ("misread" not in sample["title"]), sample["title"]


def test_a_stroke_of_the_mouse_is_read_as_a_1(figure, network):
    figure.get_by_role("button", name="Clear").click()
    pad = figure.get_by_role("application")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.48 * box["width"], box["y"] + 0.8 * box["height"], steps=8)
    mouse.up()
    shown = agrees(figure, network)
    assert best(shown) == 1
    after = shown["x"]
    mouse.move(box["x"] + 5, box["y"] + 5)  # the button is up: nothing is drawn
    assert figure.state()["x"] == after


def test_a_finger_draws(browser, site, chapters):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{site}/{chapters[FIGURE]}")
    root = page.locator(f".course-interactive.ready[data-figure={FIGURE}]")
    root.get_by_role("button", name="Clear").tap()
    root.get_by_role("application").tap()
    assert root.evaluate("root => JSON.parse(root.dataset.state).x.some(Boolean)")
    assert root.get_by_role("application").evaluate("pad => getComputedStyle(pad).touchAction") == "none"
    context.close()


def test_the_keys_draw_a_1(figure, network):
    figure.get_by_role("button", name="Clear").click()
    pad = figure.get_by_role("application")
    for key in ["ArrowUp"] * 8 + [" "] + ["ArrowDown"] * 16 + [" "] + ["ArrowRight"] * 6:
        pad.press(key)
    shown = agrees(figure, network)
    assert best(shown) == 1
    assert "pen is down" not in shown["says"]


def test_the_pen_width_counts(figure):
    ink = []
    for width in ("1", "6"):
        figure.get_by_role("button", name="Clear").click()
        figure.get_by_role("slider").fill(width)
        figure.get_by_role("application").press(" ")
        ink.append(sum(figure.evaluate("root => root.course.ink()")))
    assert ink[1] / ink[0] == pytest.approx(36, rel=0.25)  # a dot six times as wide


def test_the_field_and_the_maps_are_drawn(figure):
    figure.set({"sample": 3})
    shown = figure.state()
    read = """(root, label) => { const c = root.querySelector(`canvas[aria-label^="${label}"]`);
        return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
    field = np.array(figure.evaluate(read, "The digit as"))[3::4]
    np.testing.assert_allclose(field, 255 * np.array(shown["x"]), atol=0.51)
    maps = np.array(figure.evaluate("root => root.course.maps()")["C1"]).reshape(6, 28, 28)
    drawn = np.array(figure.evaluate(read, "Six maps"))[3::4].reshape(2 * 29 - 1, 3 * 29 - 1)
    for i, one in enumerate(maps):
        top, left = 29 * (i // 3), 29 * (i % 3)
        np.testing.assert_allclose(drawn[top : top + 28, left : left + 28], 255 * one / maps.max(), atol=0.51)
