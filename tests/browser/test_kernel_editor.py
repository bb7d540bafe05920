"""The figure of chapter 5 filters as `course_pkg.ops` does, however it is set, and explains each pixel."""

import base64
import json
import re

import numpy as np
import pytest

from course_pkg.ops import convolve, correlate

FIGURE = "kernel_editor"
READINGS = {"correlate": correlate, "convolve": convolve}


def photograph(figure):
    image = figure.settings()["image"]
    pixels = np.frombuffer(base64.b64decode(image["pixels"]), np.uint8)
    return pixels.reshape(image["height"], image["width"])


def expected(x, shown):
    return READINGS[shown["reading"]](x, shown["kernel"], mode="same") / shown["divisor"]


def check(figure, x):
    shown = figure.state()
    y = expected(x, shown)
    output = json.loads(figure.evaluate("root => JSON.stringify(root.course.output())"))
    np.testing.assert_allclose(output, y.ravel(), rtol=0, atol=1e-9)
    m, n = shown["at"]
    assert shown["value"] == pytest.approx(y[m, n], abs=1e-9)
    assert sum(shown["products"]) / shown["divisor"] == pytest.approx(y[m, n], abs=1e-9)
    assert shown["sentence"].startswith(f"y[{m}, {n}] = ")
    last = float(shown["sentence"].rpartition(" = ")[2].replace("−", "-"))
    assert last == pytest.approx(y[m, n], abs=1e-3)
    return shown


def test_agrees_with_the_operator_on_random_settings(figure):
    rng = np.random.default_rng(0)
    x = photograph(figure)
    for _ in range(40):
        size = int(rng.choice([3, 5]))
        settings = {
            "kernel": rng.uniform(-9, 9, (size, size)).round(3).tolist(),
            "divisor": round(float(rng.uniform(0.5, 20)), 3),
            "reading": str(rng.choice(list(READINGS))),
            "row": int(rng.integers(x.shape[0])),
            "column": int(rng.integers(x.shape[1])),
        }
        figure.set(settings)
        shown = check(figure, x)
        assert {key: shown[key] for key in settings} == settings
        assert shown["at"] == [settings["row"], settings["column"]]


def test_real_controls_agree_with_the_operator(figure):
    rng = np.random.default_rng(1)
    x = photograph(figure)
    for _ in range(8):
        size = int(rng.choice([3, 5]))
        figure.get_by_label("Size").select_option(str(size))
        kernel = np.array(figure.state()["kernel"])
        assert kernel.shape == (size, size)
        for _ in range(3):
            i, j, tap = (int(v) for v in (*rng.integers(0, size, 2), rng.integers(-99, 100)))
            field = figure.get_by_label(f"Kernel row {i}, column {j}")
            field.fill(str(tap).replace("-", "−"))
            field.press("Enter")
            kernel[i, j] = tap
        divisor = int(rng.integers(1, 17))
        figure.get_by_role("textbox", name="Divided by").fill(str(divisor))
        figure.get_by_role("textbox", name="Divided by").press("Enter")
        reading = str(rng.choice(list(READINGS)))
        figure.get_by_label("Laid on the image").select_option(reading)
        for name in ("Row", "Column"):
            figure.get_by_label(name, exact=False).and_(figure.locator("input[type=range]")).press(
                rng.choice(["ArrowLeft", "ArrowRight", "Home", "End"])
            )
        shown = check(figure, x)
        assert (shown["kernel"], shown["divisor"], shown["reading"]) == (kernel.tolist(), divisor, reading)


def test_every_preset_is_the_chapters_kernel(figure):
    x = photograph(figure)
    presets = figure.settings()["presets"]
    assert len(presets) >= 6
    for name, preset in presets.items():
        figure.get_by_role("combobox").first.select_option(name)
        shown = check(figure, x)
        assert (shown["kernel"], shown["divisor"], shown["preset"]) == (
            preset["kernel"],
            preset["divisor"],
            name,
        )


def test_the_canvas_shows_the_output(figure):
    x = photograph(figure)
    read = """root => { const c = root.querySelectorAll('canvas')[1];
        return JSON.stringify([...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]); }"""
    figure.get_by_role("combobox").first.select_option("blur")
    colours = np.array(json.loads(figure.evaluate(read))).reshape(*x.shape, 4)
    y = expected(x, figure.state())
    np.testing.assert_allclose(colours[..., :3], np.broadcast_to(y[..., None], (*x.shape, 3)), atol=0.51)
    figure.get_by_role("combobox").first.select_option("Sobel")
    red, blue = np.moveaxis(np.array(json.loads(figure.evaluate(read))).reshape(*x.shape, 4), -1, 0)[[0, 2]]
    y = expected(x, figure.state())
    strong = abs(y) > 100
    assert ((blue > red) == (y > 0))[strong].all()


def test_the_mouse_shows_a_pixel_and_a_press_keeps_it(page, figure):
    x = photograph(figure)
    before = figure.state()["at"]
    canvas = figure.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    row, column = 20, 100
    at = {
        "x": (column + 0.5) * box["width"] / x.shape[1],
        "y": (row + 0.5) * box["height"] / x.shape[0],
    }
    canvas.hover(position=at)
    assert check(figure, x)["at"] == [row, column]
    page.mouse.move(0, 0)
    assert figure.state()["at"] == before
    canvas.click(position=at)
    page.mouse.move(0, 0)
    shown = check(figure, x)
    assert shown["at"] == [row, column]
    written = figure.locator("svg[role=img]").last.locator("text").all_text_contents()
    products = [float(text.replace("−", "-")) for text in written if "·" not in text]
    assert products == shown["products"]


@pytest.mark.parametrize("typed", ["", "two", "100", "1/9"])
def test_a_tap_that_will_not_do_is_refused_in_words(figure, typed):
    before = figure.state()
    field = figure.get_by_label("Kernel row 1, column 1")
    field.fill(typed)
    field.press("Enter")
    error = figure.get_by_role("alert").inner_text()
    assert "Kernel row 1, column 1" in error
    assert "from −99 to 99" in error
    assert figure.state() == before
    field.fill("5")
    field.press("Enter")
    assert figure.get_by_role("alert").inner_text() == ""


def test_a_divisor_of_zero_is_refused(figure):
    before = figure.state()
    field = figure.get_by_role("textbox", name="Divided by")
    field.fill("0")
    field.press("Enter")
    assert re.search("Divided by.*above 0", figure.get_by_role("alert").inner_text())
    assert figure.state() == before


def test_plays_to_the_end_of_the_row(page, figure):
    width = photograph(figure).shape[1]
    figure.evaluate("(root, column) => root.course.set({ column })", width - 4)
    page.clock.install()
    figure.get_by_role("button", name="Play").click()
    page.clock.run_for(10_000)
    assert figure.state()["column"] == width - 1
    assert figure.get_by_role("button", name="Play").count() == 1  # it says “Stop” while it plays
