"""The transposed convolution of chapter 10 agrees with the package, whatever its controls say."""

import json
import random

import numpy as np
import pytest

from course_pkg import ops

PAGE = "book/two_dimensions/resampling.html"
FIGURE = ".course-interactive[data-figure=transposed_explorer]"
LABELS = {
    "kernel": "Kernel size K",
    "stride": "Stride S",
    "padding": "Padding P",
    "copies": "Copies added",
}


@pytest.fixture
def figure(page, site):
    page.goto(f"{site}/{PAGE}")
    return page.locator(FIGURE)


def state(figure):
    return json.loads(figure.get_attribute("data-state"))


def move(figure, key, value):
    """Move a slider as a hand does: the input changes and says so."""
    slider = figure.locator("label", has_text=LABELS[key]).locator("input")
    slider.evaluate(
        "(s, v) => { s.value = v; s.dispatchEvent(new Event('input', { bubbles: true })); }", str(value)
    )


def type_in(figure, name, text):
    field = figure.get_by_role("textbox", name=name)
    field.fill(text)
    field.press("Enter")


def agrees(shown):
    """Outputs and counts are those of the package; none where padding takes all away."""
    x, w = np.array(shown["x"], dtype=float), np.array(shown["w"], dtype=float)
    assert len(w) == shown["kernel"]
    here = np.where(np.arange(len(x)) < shown["copies"], x, 0)  # inputs whose copy is there
    settings = {"stride": shown["stride"], "padding": shown["padding"]}
    if (len(x) - 1) * shown["stride"] + len(w) <= 2 * shown["padding"]:
        assert shown["y"] == shown["seen"] == []
        assert "no output is left" in shown["says"][1]
        return
    y = ops.conv_transpose1d(here[None], w[None, None], **settings)[0]
    counts = ops.conv_transpose1d(np.ones((1, len(x))), np.ones((1, 1, len(w))), **settings)[0]
    np.testing.assert_allclose(shown["y"], y, rtol=0, atol=1e-9)
    assert shown["seen"] == counts.tolist()
    assert shown["says"][1].endswith(f"= {len(y)}.")


def constant_stays_constant(shown):
    w = np.array(shown["w"], dtype=float)
    y = ops.conv_transpose1d(np.ones((1, 30)), w[None, None], stride=shown["stride"])[0, 10:-10]
    return np.ptp(y) < 1e-9


def test_sliders_agree_with_the_package(figure):
    draw = random.Random(10)
    for _ in range(50):
        wanted = {
            "kernel": draw.randint(1, 6),
            "stride": draw.randint(1, 3),
            "padding": draw.randint(0, 3),
            "copies": draw.randint(0, 5),
        }
        for key, value in wanted.items():
            move(figure, key, value)
        wanted["kind"] = draw.choice(["ones", "tent", "own"])
        figure.locator("select").select_option(wanted["kind"])
        shown = state(figure)
        assert {key: shown[key] for key in wanted} == wanted
        agrees(shown)
        assert figure.locator("[data-y]").count() == len(shown["y"])
        assert ("not divisible" in shown["says"][2]) == (wanted["kernel"] % wanted["stride"] > 0)
        assert ("stays constant" in shown["says"][3]) == constant_stays_constant(shown)


def test_random_signals(figure):
    values = np.random.default_rng(6)
    for _ in range(30):
        settings = {
            "x": values.normal(size=5).tolist(),
            "own": values.normal(size=6).tolist(),
            "kind": "own",
            "kernel": int(values.integers(1, 7)),
            "stride": int(values.integers(1, 4)),
            "padding": int(values.integers(0, 3)),
            "copies": int(values.integers(0, 6)),
        }
        figure.evaluate("(root, settings) => root.course.set(settings)", settings)
        shown = state(figure)
        assert shown["w"] == settings["own"][: settings["kernel"]]
        agrees(shown)


def test_choosing_says_which_products(figure):
    assert state(figure)["says"][0] == "y[2] = x[0]·w[2] + x[1]·w[0] = 1·1 + 3·1 = 4"
    figure.locator("[data-y='4']").click()
    assert state(figure)["says"][0] == "y[4] = x[1]·w[2] + x[2]·w[0] = 3·1 + 2·1 = 5"
    figure.locator("[data-y='4']").press("ArrowLeft")
    assert state(figure)["says"][0] == "y[3] = x[1]·w[1] = 3·1 = 3"
    assert figure.locator("[data-y='3']").evaluate("cell => cell === document.activeElement")
    figure.locator("[data-x='1']").click()
    assert state(figure)["says"][0] == "x[1] = 3 sends 3·1 = 3 to y[2], 3·1 = 3 to y[3], 3·1 = 3 to y[4]."
    move(figure, "padding", 3)
    assert "3·1 = 3 to the part cut off, 3·1 = 3 to y[0]" in state(figure)["says"][0]
    move(figure, "padding", 0)
    move(figure, "copies", 0)
    figure.locator("[data-y='2']").click()
    assert state(figure)["says"][0] == "y[2] = 0: no copy reaches it."


def test_the_texts_of_the_chapter_hold(figure):
    type_in(figure, "values of x", "1, 1, 1, 1, 1")
    assert state(figure)["seen"] == [1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1] == state(figure)["y"]
    figure.locator("select").select_option("tent")
    assert state(figure)["y"] == [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]
    assert "3 is not divisible by 2" in state(figure)["says"][2]
    assert (
        state(figure)["says"][3] == "Tap sums: w[0] + w[2] = 2; w[1] = 2. So a constant input stays constant."
    )


def test_typed_numbers_are_taken_or_refused(figure):
    taps = figure.get_by_role("textbox", name="taps of w")
    assert taps.is_disabled()
    figure.locator("select").select_option("own")
    type_in(figure, "taps of w", "2, -0.5, 3")
    assert state(figure)["w"] == [2, -0.5, 3]
    agrees(state(figure))
    for bad in ["1, 2", "1, x, 3", "1, , 3", "1, 2, Infinity"]:
        type_in(figure, "taps of w", bad)
        assert state(figure)["w"] == [2, -0.5, 3]
        assert figure.locator(".error").inner_text() == "Please type 3 numbers with commas between them."
    type_in(figure, "values of x", "1, 2, 3")
    assert figure.locator(".error").inner_text() == "Please type 5 numbers with commas between them."
    assert state(figure)["x"] == [1, 3, 2, 0, 2]


def test_play_adds_copies_and_pauses(figure, page):
    figure.get_by_role("button", name="Play").click()
    page.wait_for_function("root => JSON.parse(root.dataset.state).copies !== 5", arg=figure.element_handle())
    figure.get_by_role("button", name="Pause").click()
    assert figure.get_by_role("button", name="Play").count() == 1
    agrees(state(figure))


def test_the_page_of_a_phone_does_not_scroll_sideways(figure, page):
    page.set_viewport_size({"width": 390, "height": 800})
    for key, value in {"kernel": 6, "stride": 3}.items():
        move(figure, key, value)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_the_still_remains(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{PAGE}")
    still = page.locator(f"{FIGURE} .course-figure svg")
    assert still.is_visible()
    assert "made of 1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1" in still.get_attribute("aria-label")
    context.close()
