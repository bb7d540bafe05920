"""The transposed convolution of chapter 10 agrees with the package, whatever its controls say."""

import random

import numpy as np

from course_pkg import ops

FIGURE = "transposed_explorer"
LABELS = {
    "kernel": "Kernel size K",
    "stride": "Stride S",
    "padding": "Padding P",
    "copies": "Copies added",
}


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
        figure.slide({LABELS[key]: value for key, value in wanted.items()})
        wanted["kind"] = draw.choice(["ones", "tent", "own"])
        figure.locator("select").select_option(wanted["kind"])
        shown = figure.state()
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
        figure.set(settings)
        shown = figure.state()
        assert shown["w"] == settings["own"][: settings["kernel"]]
        agrees(shown)


def test_choosing_says_which_products(figure):
    assert figure.state()["says"][0] == "y[2] = x[0]·w[2] + x[1]·w[0] = 1·1 + 3·1 = 4"
    figure.locator("[data-y='4']").click()
    assert figure.state()["says"][0] == "y[4] = x[1]·w[2] + x[2]·w[0] = 3·1 + 2·1 = 5"
    figure.locator("[data-y='4']").press("ArrowLeft")
    assert figure.state()["says"][0] == "y[3] = x[1]·w[1] = 3·1 = 3"
    assert figure.focused("[data-y='3']")
    figure.locator("[data-x='1']").click()
    assert figure.state()["says"][0] == "x[1] = 3 sends 3·1 = 3 to y[2], 3·1 = 3 to y[3], 3·1 = 3 to y[4]."
    figure.slide({LABELS["padding"]: 3})
    assert "3·1 = 3 to the part cut off, 3·1 = 3 to y[0]" in figure.state()["says"][0]
    figure.slide({LABELS["padding"]: 0})
    figure.slide({LABELS["copies"]: 0})
    figure.locator("[data-y='2']").click()
    assert figure.state()["says"][0] == "y[2] = 0: no copy reaches it."


def test_the_texts_of_the_chapter_hold(figure):
    type_in(figure, "values of x", "1, 1, 1, 1, 1")
    assert figure.state()["seen"] == [1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1] == figure.state()["y"]
    figure.locator("select").select_option("tent")
    assert figure.state()["y"] == [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]
    assert "3 is not divisible by 2" in figure.state()["says"][2]
    flat = "Tap sums: w[0] + w[2] = 2; w[1] = 2. So a constant input stays constant."
    assert figure.state()["says"][3] == flat


def test_typed_numbers_are_taken_or_refused(figure):
    taps = figure.get_by_role("textbox", name="taps of w")
    assert taps.is_disabled()
    figure.locator("select").select_option("own")
    type_in(figure, "taps of w", "2, -0.5, 3")
    assert figure.state()["w"] == [2, -0.5, 3]
    agrees(figure.state())
    for bad in ["1, 2", "1, x, 3", "1, , 3", "1, 2, Infinity"]:
        type_in(figure, "taps of w", bad)
        assert figure.state()["w"] == [2, -0.5, 3]
        assert figure.locator(".error").inner_text() == "Please type 3 numbers with commas between them."
    type_in(figure, "values of x", "1, 2, 3")
    assert figure.locator(".error").inner_text() == "Please type 5 numbers with commas between them."
    assert figure.state()["x"] == [1, 3, 2, 0, 2]


def test_play_adds_copies(figure, page):
    page.clock.install()
    figure.get_by_role("button", name="Play").click()
    for copies in range(3):
        page.clock.run_for(900)
        assert figure.state()["copies"] == copies
        agrees(figure.state())
