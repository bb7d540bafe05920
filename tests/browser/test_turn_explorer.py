"""The figure of chapter 18 turns, correlates and measures as the package does, whatever is chosen."""

import base64

import numpy as np
import pytest
import torch

from course_pkg.data.rotated import rotate
from course_pkg.models import groupconv

FIGURE = "turn_explorer"
TURNS = 24


def turned(maps, turn):
    return rotate(np.asarray(maps, float)[None], np.array([15.0 * turn]))[0].astype(float)


def followed(x, w):
    """The four maps (4, S - 2, S - 2) of an image (S, S), by the layer of the package."""
    layer = groupconv.LiftingConv2d(1, 1, 3, "p4").double()
    layer.weight.data[0, 0] = torch.tensor(w)
    with torch.no_grad():
        return layer(torch.tensor(x)[None, None]).relu()[0, 0].numpy()


def off(got, wanted, original):
    size = np.linalg.norm(original)
    return np.linalg.norm(got - wanted) / size if size else 0.0


def check(figure, turns=range(TURNS)):
    shown = figure.state()
    size, turn = figure.settings()["size"], shown["turn"]
    x, w = np.array(shown["x"]).reshape(size, size), np.array(shown["w"], float)
    upright, got = followed(x, w), followed(turned(x[None], turn)[0], w)
    np.testing.assert_allclose(shown["turned"], turned(x[None], turn).ravel(), rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.reshape(shown["maps"], got.shape), got, rtol=0, atol=2e-5)
    np.testing.assert_allclose(shown["pooled"], got.max(axis=0).ravel(), rtol=0, atol=2e-5)
    largest = upright.max(axis=0, keepdims=True)
    for other in turns:
        maps = followed(turned(x[None], other)[0], w)
        plain = off(maps[0], turned(upright[:1], other)[0], upright[0])
        group = off(maps.max(axis=0), turned(largest, other)[0], largest)
        assert shown["errors"]["plain"][other] == pytest.approx(plain, abs=1e-5)
        assert shown["errors"]["group"][other] == pytest.approx(group, abs=1e-5)
    for place, match in enumerate(shown["matches"]):
        errors = [off(got[place], turned(upright[j : j + 1], turn)[0], upright[j]) for j in range(4)]
        assert match["error"] == pytest.approx(min(errors), abs=1e-5)
        assert errors[match["from"]] == pytest.approx(min(errors), abs=1e-5)
    return shown


def test_agrees_with_the_package_on_random_images_kernels_and_turns(figure):
    rng = np.random.default_rng(0)
    size = figure.settings()["size"]
    for _ in range(12):
        given = {
            "x": rng.integers(0, 256, size * size).tolist(),
            "w": rng.normal(size=(3, 3)).tolist(),
            "turn": int(rng.integers(TURNS)),
        }
        figure.set(given)
        shown = check(figure, rng.choice(TURNS, 4).tolist())
        assert (shown["turn"], shown["w"]) == (given["turn"], given["w"])


def test_the_real_controls_choose_image_kernel_and_turn(figure):
    given = figure.settings()
    for i, name in enumerate(given["images"]):
        kernel = list(given["kernels"])[i % len(given["kernels"])]
        figure.get_by_role("combobox", name="Image").select_option(name)
        figure.get_by_role("combobox", name="Kernel").select_option(kernel)
        figure.get_by_role("slider").fill(str(7 * i + 1))
        shown = check(figure)
        assert (shown["image"], shown["kernel"], shown["turn"]) == (name, kernel, 7 * i + 1)
        assert shown["w"] == given["kernels"][kernel]
        pixels = np.frombuffer(base64.b64decode(given["images"][name]), np.uint8)
        np.testing.assert_allclose(shown["x"], pixels / 255, rtol=0, atol=1e-12)


def test_quarter_turns_move_the_maps_to_the_places_of_the_group(figure):
    figure.get_by_role("combobox", name="Kernel").select_option("upright edge")
    figure.get_by_role("slider").fill("0")
    for quarters in (1, 2, 3, 0):
        figure.get_by_role("button", name="Turn by 90°").click()
        shown = check(figure, [])
        assert shown["turn"] == 6 * quarters
        assert [match["from"] for match in shown["matches"]] == groupconv.places("p4", (0, quarters))
        assert max(match["error"] for match in shown["matches"]) < 1e-9
        assert "they have only changed places" in shown["says"]
    assert shown["errors"]["plain"][6] > 0.5 > 1e-9 > shown["errors"]["group"][6]


def test_between_quarter_turns_nothing_is_exact(figure):
    figure.get_by_role("combobox", name="Kernel").select_option("upright edge")
    figure.get_by_role("slider").fill("3")
    shown = check(figure, [3])
    assert shown["errors"]["group"][3] > 0.05
    assert "None of the four" in shown["says"]
    assert figure.locator(".says").inner_text() == shown["says"]


def test_a_spot_follows_by_itself_and_all_four_maps_are_equal(figure):
    figure.get_by_role("combobox", name="Kernel").select_option("spot")
    figure.get_by_role("slider").fill("6")
    shown = check(figure)
    assert shown["errors"]["plain"][6] < 1e-9
    np.testing.assert_allclose(shown["maps"], np.tile(shown["maps"][0], (4, 1)), rtol=0, atol=1e-12)


def test_the_curves_mark_the_turn_and_the_canvases_show_the_maps(figure):
    figure.get_by_role("slider").fill("4")
    shown = figure.state()
    marks = figure.locator("circle").all()
    heights = {mark.get_attribute("data-curve"): float(mark.get_attribute("cy")) for mark in marks}
    errors = {name: values[4] for name, values in shown["errors"].items()}
    assert sorted(heights, key=heights.get) == sorted(errors, key=errors.get, reverse=True)
    read = """root => [...root.querySelectorAll('canvas')].map((c) =>
        [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 3))"""
    image, plain, largest, *places = figure.evaluate(read)
    size = figure.settings()["size"]
    top = followed(np.array(shown["x"]).reshape(size, size), np.array(shown["w"], float)).max()
    for alpha, values, limit in [
        (image, shown["turned"], 1),
        (plain, shown["maps"][0], top),
        (largest, shown["pooled"], top),
        *zip(places, shown["maps"], [top] * 4, strict=True),
    ]:
        np.testing.assert_allclose(alpha, 255 * np.clip(np.array(values) / limit, 0, 1), atol=0.51)
