"""The figure of chapter 17 shows what `course_pkg.visualize` says of the stored network."""

import base64

import numpy as np
import pytest
import torch

from course_pkg.training.experiments import trained
from course_pkg.visualize import Unit, occlusion_map, unit_values

FIGURE = "unit_explorer"


@pytest.fixture(scope="module")
def net():
    return trained("lenet", "modern")[0]


def image(given, index):
    return np.frombuffer(base64.b64decode(given["images"][index]), np.uint8)


def check(figure, net):
    """All that is shown, computed anew; pixels are stored in 256 steps and drops in 255."""
    given, shown = figure.settings(), figure.state()
    size, side, stride = given["size"], given["window"], given["stride"]
    chosen = given["units"][shown["unit"]]
    assert (shown["layer"], shown["channel"]) == (chosen["layer"], chosen["channel"])
    unit = Unit(f"layers.{shown['layer']}", shown["channel"])
    digit = image(given, chosen["images"][shown["top"]])
    x = torch.tensor(digit / 255, dtype=torch.float32).view(1, 1, size, size)
    with torch.no_grad():
        value = unit_values(net, x, unit).item()
        liked = torch.tensor(shown["maximum"]).view(1, 1, size, size) / 255
        assert unit_values(net, liked, unit).item() == pytest.approx(
            chosen["maximumValue"], abs=0.02, rel=0.02
        )
    assert shown["value"] == pytest.approx(value, abs=2e-3)
    digits = [image(given, index).reshape(1, 1, size, size) / np.float32(255) for index in chosen["images"]]
    maps = [occlusion_map(net, torch.tensor(each), unit, window=side, stride=stride) for each in digits]
    drops, step = maps[shown["top"]].numpy(), float(torch.stack(maps).abs().max()) / 127
    np.testing.assert_allclose(
        np.reshape(shown["drops"], drops.shape), drops, rtol=0, atol=0.51 * step + 1e-3
    )
    assert shown["drop"] == shown["drops"][shown["row"] * given["places"] + shown["column"]]
    covered = digit.reshape(size, size).copy()
    top, left = stride * shown["row"], stride * shown["column"]
    covered[top : top + side, left : left + side] = 0
    assert shown["covered"] == covered.ravel().tolist()
    return shown


def test_agrees_with_the_package_for_units_of_each_layer(figure, net):
    given, rng = figure.settings(), np.random.default_rng(0)
    for layer in {unit["layer"] for unit in given["units"]}:
        units = [i for i, unit in enumerate(given["units"]) if unit["layer"] == layer]
        for unit in rng.choice(units, 3, replace=False).tolist():
            row, column = rng.integers(given["places"], size=2).tolist()
            top = int(rng.integers(len(given["units"][unit]["images"])))
            figure.set({"unit": unit, "top": top, "row": row, "column": column})
            check(figure, net)


def test_the_digits_are_those_for_which_the_unit_is_most_active(figure):
    for unit in figure.settings()["units"]:
        assert unit["values"] == sorted(unit["values"], reverse=True)
        assert len(set(unit["images"])) == len(unit["images"])


def test_the_real_controls_choose_layer_unit_digit_and_square(figure, net):
    given = figure.settings()
    for layer in ("C1_out", "output"):
        figure.get_by_role("combobox", name="Layer").select_option(layer)
        figure.get_by_role("slider", name="Unit").fill("5")
        figure.locator("[data-top='2']").click()
        figure.get_by_role("slider", name="rows down").fill("3")
        figure.get_by_role("slider", name="columns right").fill("7")
        shown = check(figure, net)
        assert (shown["layer"], shown["channel"], shown["top"]) == (layer, 5, 2)
        assert (shown["row"], shown["column"]) == (3, 7)
        assert figure.locator(".says").inner_text() == shown["says"]
    assert given["units"][shown["unit"]]["layer"] == "output"


def test_another_unit_starts_with_its_first_digit(figure):
    figure.locator("[data-top='1']").click()
    figure.get_by_role("slider", name="Unit").fill("0")
    assert figure.state()["top"] == 0


def test_the_canvases_show_the_images_and_the_drops(figure):
    figure.set({"unit": 10, "top": 1, "row": 0, "column": 0})
    shown = figure.state()
    read = """root => [...root.querySelectorAll('canvas')].slice(0, 3).map((c) =>
        [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data])"""
    liked, _, costs = (np.reshape(each, (-1, 4)) for each in figure.evaluate(read))
    assert liked[:, 0].tolist() == shown["maximum"]
    drops = np.array(shown["drops"])
    alpha = 255 * abs(drops) / abs(drops).max()
    np.testing.assert_allclose(costs[1:, 3], alpha[1:], atol=1)  # the first is marked


def test_play_moves_the_square_along_the_rows(figure):
    figure.set({"row": 0, "column": 0})
    figure.page.clock.install()
    figure.get_by_role("button", name="Play").click()
    figure.page.clock.run_for(650)
    figure.get_by_role("button", name="Stop").click()
    shown = figure.state()
    assert shown["row"] == 0
    assert 4 <= shown["column"] < 12  # the clock of the page goes on while the buttons are pressed
