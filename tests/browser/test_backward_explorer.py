"""The backward explorer of chapter 9 agrees with the package, whatever its controls say."""

import random

import numpy as np

from course_pkg import ops

FIGURE = "backward_explorer"
LABELS = {
    "n": "Inputs N",
    "kernel": "Kernel size K",
    "stride": "Stride S",
    "padding": "Padding P",
    "dilation": "Dilation D",
}


def fits(shown):
    return shown["n"] + 2 * shown["padding"] > shown["dilation"] * (shown["kernel"] - 1)


def agrees(shown):
    """The gradients shown are those of the package; none where the kernel does not fit."""
    if not fits(shown):
        assert shown["g"] == []
        assert not np.any(shown["gradX"] + shown["gradW"])
        assert "does not fit" in shown["says"]
        return
    x, w, g = (np.array(shown[name], dtype=float) for name in "xwg")
    settings = shown["stride"], shown["padding"], shown["dilation"]
    expected = ops.conv1d_backward(g[None], x[None], w[None, None], np.zeros(1), *settings)
    for mine, gradient in zip((shown["gradX"], shown["gradW"], [shown["gradB"]]), expected, strict=True):
        np.testing.assert_allclose(mine, gradient.ravel(), rtol=0, atol=1e-9)


def test_sliders_agree_with_the_package(figure):
    draw = random.Random(9)
    select = figure.locator("select")
    for _ in range(40):
        wanted = {
            "n": draw.randint(3, 12),
            "kernel": draw.randint(1, 5),
            "stride": draw.randint(1, 4),
            "padding": draw.randint(0, 3),
            "dilation": draw.randint(1, 4),
        }
        figure.slide({LABELS[key]: value for key, value in wanted.items()})
        wanted["mode"] = draw.choice(["one", "ones", "typed"])
        select.select_option(wanted["mode"])
        shown = figure.state()
        assert {key: shown[key] for key in wanted} == wanted
        agrees(shown)
        assert figure.locator("[data-y]").count() == len(shown["g"])
        if wanted["mode"] == "one" and fits(shown):
            assert sum(shown["g"]) == shown["g"][shown["output"]] == 1


def test_random_signals(figure):
    values = np.random.default_rng(5)
    for _ in range(30):
        settings = {
            "x": values.normal(size=12).tolist(),
            "w": values.normal(size=5).tolist(),
            "typed": values.normal(size=18).tolist(),
            "mode": "typed",
            "n": int(values.integers(9, 13)),
            "kernel": int(values.integers(1, 6)),
            "stride": int(values.integers(1, 5)),
            "padding": int(values.integers(0, 4)),
            "dilation": int(values.integers(1, 3)),
        }
        figure.set(settings)
        shown = figure.state()
        assert shown["g"] == settings["typed"][: len(shown["g"])]
        agrees(shown)


def test_choosing_says_what_was_handed_to_whom(figure):
    assert figure.state()["says"] == (
        "y[1] was handed 1. It hands back 1·1 = 1 to x[2], 1·2 = 2 to x[3], 1·(−1) = −1 to x[4]."
    )
    figure.locator("select").select_option("ones")
    figure.locator("[data-x='4']").click()
    assert figure.state()["says"] == "∂L/∂x[4] = g[1]·w[2] + g[2]·w[0] = 1·(−1) + 1·1 = 0"
    figure.locator("[data-x='4']").press("ArrowLeft")
    assert figure.state()["says"] == "∂L/∂x[3] = g[1]·w[1] = 1·2 = 2"
    assert figure.focused("[data-x='3']")
    figure.locator("[data-x='9']").click()
    assert figure.state()["says"] == "∂L/∂x[9] = 0: no output ever looked at it."
    figure.locator("[data-w='0']").click()
    assert figure.state()["says"].endswith("= 1·2 + 1·1 + 1·3 + 1·1 = 7")
    figure.slide({LABELS["padding"]: 1})
    figure.locator("[data-y='0']").click()
    assert "1·1 = 1 to padding, where it is lost" in figure.state()["says"]


def test_typed_gradients_are_taken_or_refused(figure):
    field = figure.get_by_role("textbox")
    assert field.is_disabled()
    figure.locator("select").select_option("typed")
    field.fill("0, -2, 0.5, 1")
    field.press("Enter")
    assert figure.state()["g"] == [0, -2, 0.5, 1]
    agrees(figure.state())
    for bad in ["1, 2", "1, 2, x, 4", "1, , 3, 4", "1, 2, 3, Infinity"]:
        field.fill(bad)
        field.press("Enter")
        assert figure.state()["g"] == [0, -2, 0.5, 1]
        assert figure.locator(".error").inner_text() == "Please type 4 numbers with commas between them."
