"""The figure of chapter 2 shows what `course_pkg.ops` computes, however it is set, and can be played."""

import numpy as np
import pytest

from course_pkg.ops import convolve

FIGURE = "slide_and_sum"
READINGS = ["translate", "flip"]


def expected(x, w, reading, step):
    if reading == "flip":
        return convolve(x, w)[: step + 1]
    so_far = np.where(np.arange(len(x)) <= step, x, 0.0)  # copies of the later inputs are still to come
    return convolve(so_far, w)


def numbers(text):
    return [float(part.replace("−", "-")) for part in text.split(", ")]


def test_agrees_with_the_operator_on_random_settings(figures):
    rng = np.random.default_rng(0)
    for trial in range(60):
        figure = figures[trial % 2]
        x, w = rng.uniform(-9, 9, rng.integers(1, 9)), rng.uniform(-9, 9, rng.integers(1, 5))
        reading = READINGS[rng.integers(2)]
        last = len(x) - 1 if reading == "translate" else len(x) + len(w) - 2
        step = int(rng.integers(0, last + 1))
        settings = {"x": x.tolist(), "w": w.tolist(), "reading": reading, "step": step}
        figure.set(settings)
        shown = figure.state()
        assert {key: shown[key] for key in settings} == settings
        np.testing.assert_allclose(shown["output"], expected(x, w, reading, step), rtol=0, atol=1e-9)


def test_real_controls_agree_with_the_operator_and_the_sentence_with_the_state(figures):
    rng = np.random.default_rng(1)
    figure = figures[0]
    for _ in range(30):
        x, w = (rng.integers(-9, 10, rng.integers(1, top)).tolist() for top in (9, 5))
        figure.get_by_label("Input x").fill(" ".join(map(str, x)))
        figure.get_by_label("Input x").press("Enter")
        figure.get_by_label("Kernel w").fill(", ".join(map(str, w)))
        figure.get_by_label("Kernel w").press("Enter")
        reading = READINGS[rng.integers(2)]
        figure.get_by_label("Reading").select_option(reading)
        slider = figure.locator("input[type=range]")
        step = int(rng.integers(0, int(slider.get_attribute("max")) + 1))
        slider.press("Home")
        for _ in range(step):
            slider.press("ArrowRight")
        shown = figure.state()
        y = expected(x, w, reading, step)
        assert (shown["x"], shown["w"], shown["reading"], shown["step"]) == (x, w, reading, step)
        np.testing.assert_allclose(shown["output"], y, rtol=0, atol=1e-9)
        sentence = figure.locator(".says").inner_text()
        if reading == "flip":
            assert sentence.startswith(f"y[{step}] = ")
            assert numbers(sentence.rpartition(" = ")[2]) == [y[step]]
        else:
            assert numbers(sentence.rpartition("(")[2].rstrip(").")) == y.tolist()


def test_a_dragged_input_changes_the_output(page, figures):
    figure = figures[1]
    before = figure.state()
    handle = figure.locator("[data-handle='1']")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + 400, steps=3)
    page.mouse.up()
    after = figure.state()
    assert after["x"] == [before["x"][0], -9, *before["x"][2:]]
    np.testing.assert_allclose(
        after["output"], convolve(after["x"], after["w"])[: after["step"] + 1], atol=1e-9
    )


def test_a_press_on_an_output_shows_what_made_it(figures):
    figure = figures[1]
    figure.locator("[data-output='5']").click()
    shown = figure.state()
    assert shown["step"] == 5
    assert shown["sentence"] == "y[5] = x[3]·w[2] + x[4]·w[1] = 0·(−1) + (−1)·1 = −1"


@pytest.mark.parametrize("typed", ["", "1, two", "10", "1 2 3 4 5"])
def test_a_kernel_that_will_not_do_is_refused_in_words(figures, typed):
    figure = figures[0]
    before = figure.state()
    field = figure.get_by_label("Kernel w")
    field.fill(typed)
    field.press("Enter")
    error = figure.get_by_role("alert").inner_text()
    assert "Kernel w" in error
    assert "1 to 4 numbers" in error
    assert typed in error
    assert figure.state() == before
    field.fill("1 1")
    field.press("Enter")
    assert figure.get_by_role("alert").inner_text() == ""


def test_plays_to_the_end(page, figures):
    figure = figures[0]
    figure.evaluate("root => root.course.set({ x: [1, 2, 3], w: [1, -1], reading: 'flip', step: 0 })")
    page.clock.install()
    figure.get_by_role("button", name="Play").click()
    page.clock.run_for(10_000)
    assert figure.state()["step"] == 3
    assert figure.get_by_role("button", name="Play").count() == 1  # it says “Stop” while it plays
    assert figure.state()["output"] == convolve([1, 2, 3], [1, -1]).tolist()
