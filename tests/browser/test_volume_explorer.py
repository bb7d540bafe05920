"""The volume explorer of chapter 6 agrees with the package, whatever its sliders say."""

import json
import random
import re

import numpy as np
import pytest

from course_pkg import arithmetic, ops

PAGE = "book/two_dimensions/conv_layers_2d.html"
FIGURE = ".course-interactive[data-figure=volume_explorer]"
LABELS = {"kernel": "Kernel size K", "stride": "Stride S", "padding": "Padding P"}


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


def expected(shown):
    x, w, b = (np.array(shown[name], dtype=float) for name in "xwb")
    K = shown["kernel"]
    kernels = np.ascontiguousarray(w[:, :, :K, :K])
    return ops.conv2d(x, kernels, b, stride=shown["stride"], padding=shown["padding"])


def number(text):
    return float(text.replace("−", "-").strip("()"))


def test_sliders_agree_with_the_package(figure):
    draw = random.Random(6)
    for _ in range(40):
        wanted = {"kernel": draw.randint(1, 3), "stride": draw.randint(1, 4), "padding": draw.randint(0, 1)}
        for key, value in wanted.items():
            move(figure, key, value)
        shown = state(figure)
        assert {key: shown[key] for key in wanted} == wanted
        y = expected(shown)
        np.testing.assert_allclose(shown["y"], y, atol=1e-9)
        assert figure.locator("[data-output]").count() == y.size
        side = arithmetic.output_size(7, *wanted.values())
        exact = (7 + 2 * wanted["padding"] - wanted["kernel"]) / wanted["stride"] + 1
        assert f"= {round(exact, 2):g}" in shown["size"]
        assert ("rounded down" in shown["size"]) == (exact != side)


def test_inputs_named_as_unused_change_nothing(figure):
    for kernel, stride, padding in [(3, 3, 0), (1, 4, 0), (2, 3, 1), (3, 1, 0), (2, 4, 0)]:
        settings = {"kernel": kernel, "stride": stride, "padding": padding}
        figure.evaluate("(root, settings) => root.course.set(settings)", settings)
        named = re.search(r"rows and columns ([\d, ]+)\.$", state(figure)["size"])
        unused = [int(i) for i in named[1].split(", ")] if named else []
        ones = np.ones((1, 1, kernel, kernel))
        rows = np.eye(7)[:, None, :, None] * np.ones((1, 1, 1, 7))  # picture i: row i is 1
        answers = ops.conv2d(rows, ones, stride=stride, padding=padding)
        assert unused == [i for i in range(7) if not answers[i].any()]


def test_random_volumes(figure):
    values = np.random.default_rng(7)
    for _ in range(30):
        settings = {
            "x": values.normal(size=(3, 7, 7)).tolist(),
            "w": values.normal(size=(2, 3, 3, 3)).tolist(),
            "b": values.normal(size=2).tolist(),
            "kernel": int(values.integers(1, 4)),
            "stride": int(values.integers(1, 5)),
            "padding": int(values.integers(0, 2)),
        }
        figure.evaluate("(root, settings) => root.course.set(settings)", settings)
        shown = state(figure)
        np.testing.assert_allclose(shown["y"], expected(shown), atol=1e-9)


def test_the_sum_is_that_of_the_chosen_output(figure):
    figure.evaluate("root => root.course.set({ stride: 1, padding: 1, kernel: 3 })")
    for place in ["0 0 0", "1 6 6", "0 3 5"]:
        figure.locator(f"[data-output='{place}']").click()
        shown = state(figure)
        o, i, j = shown["output"]
        assert f"{o} {i} {j}" == place
        x = np.pad(np.array(shown["x"]), ((0, 0), (1, 1), (1, 1)))[:, i : i + 3, j : j + 3]
        parts = (x * np.array(shown["w"])[o]).sum(axis=(1, 2))  # one for each channel
        bias, channels, total = re.fullmatch(
            r"y\[\d, \d, \d\] = bias (\S+) \+ channels (.+) = (\S+)", shown["sum"]
        ).groups()
        assert [number(part) for part in channels.split(" + ")] == parts.tolist()
        assert number(bias) == shown["b"][o]
        assert number(total) == shown["y"][o][i][j] == shown["b"][o] + parts.sum()
        lines = figure.locator(".channel p").all_inner_texts()
        assert [number(line.rpartition(" = ")[2]) for line in lines] == parts.tolist()
        assert all(line.count("·") == 9 for line in lines)


def test_arrow_keys_walk_on_the_map(figure):
    figure.evaluate("root => root.course.set({ stride: 2, padding: 0, kernel: 3, output: [1, 1, 1] })")
    figure.locator("[data-output='1 1 1']").press("ArrowDown")
    assert state(figure)["output"] == [1, 2, 1]
    assert figure.locator("[data-output='1 2 1']").evaluate("cell => cell === document.activeElement")
    figure.locator("[data-output='1 2 1']").press("ArrowRight")
    figure.locator("[data-output='1 2 2']").press("ArrowRight")
    assert state(figure)["output"] == [1, 2, 0]
    figure.get_by_role("button", name="Next output").click()
    assert state(figure)["output"] == [1, 2, 1]


def test_a_smaller_output_keeps_the_choice_inside(figure):
    figure.evaluate("root => root.course.set({ stride: 1, padding: 1, kernel: 3, output: [1, 6, 6] })")
    move(figure, "stride", 4)
    shown = state(figure)
    assert shown["output"] == [1, 1, 1]
    assert shown["sum"].startswith("y[1, 1, 1]")


def test_new_numbers_are_new_and_right(figure):
    before = state(figure)
    figure.get_by_role("button", name="New numbers").click()
    after = state(figure)
    assert after["x"] != before["x"]
    np.testing.assert_allclose(after["y"], expected(after), atol=1e-9)


def test_play_moves_and_pauses(figure, page):
    figure.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "root => JSON.parse(root.dataset.state).output.join() !== '0,1,1'", arg=figure.element_handle()
    )
    figure.get_by_role("button", name="Pause").click()
    assert figure.get_by_role("button", name="Play").count() == 1


def test_fits_a_phone(figure, page):
    page.set_viewport_size({"width": 390, "height": 844})
    move(figure, "padding", 1)
    move(figure, "kernel", 1)
    move(figure, "stride", 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    smallest = figure.locator("[data-output='0 0 0'] rect").bounding_box()
    assert smallest["width"] > 12


def test_without_javascript_the_still_remains(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{PAGE}")
    still = page.locator(f"{FIGURE} .course-figure svg")
    assert still.is_visible()
    assert "two maps of 3 by 3" in still.get_attribute("aria-label")
    context.close()
