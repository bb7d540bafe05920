"""The layer explorer of chapter 3 agrees with the package, whatever its sliders say."""

import random

import numpy as np

from course_pkg import arithmetic, ops

FIGURE = "layer_explorer"
LABELS = {
    "n": "Inputs N",
    "kernel": "Kernel size K",
    "stride": "Stride S",
    "padding": "Padding P",
    "dilation": "Dilation D",
}


def expected(shown):
    """Outputs by the package; none where the kernel does not fit."""
    sizes = shown["n"], shown["kernel"], shown["stride"], shown["padding"], shown["dilation"]
    try:
        size = arithmetic.output_size(*sizes)
    except ValueError:
        return np.zeros(0)
    x, w = (np.array(shown[name], dtype=float) for name in "xw")
    y = ops.conv1d(x[None], w[None, None], None, shown["stride"], shown["padding"], shown["dilation"])[0]
    assert len(y) == size
    return y


def never_used(shown):
    """Inputs whose change changes no output, found by trying."""
    answers = [
        ops.conv1d(impulse[None], np.ones((1, 1, shown["kernel"])), None, shown["stride"], shown["padding"],
                   shown["dilation"])
        for impulse in np.eye(shown["n"])
    ]  # fmt: skip
    return [i for i, answer in enumerate(answers) if not answer.any()]


def test_sliders_agree_with_the_package(figure):
    draw = random.Random(3)
    for _ in range(60):
        wanted = {
            "n": draw.randint(3, 12),
            "kernel": draw.randint(1, 5),
            "stride": draw.randint(1, 4),
            "padding": draw.randint(0, 3),
            "dilation": draw.randint(1, 4),
        }
        figure.slide({LABELS[key]: value for key, value in wanted.items()})
        shown = figure.state()
        assert {key: shown[key] for key in wanted} == wanted
        y = expected(shown)
        np.testing.assert_allclose(shown["y"], y, atol=1e-9)
        assert figure.locator("[data-output]").count() == len(y)
        if not len(y):
            assert "does not fit" in shown["size"]
            continue
        assert shown["unused"] == never_used(shown)
        exact = (
            wanted["n"] + 2 * wanted["padding"] - wanted["dilation"] * (wanted["kernel"] - 1) - 1
        ) / wanted["stride"]
        assert f"= {round(exact + 1, 2):g}" in shown["size"]
        assert ("rounds down" in shown["size"]) == (exact != int(exact))
        assert shown["sum"].startswith(f"y[{shown['output']}] = ")


def test_random_signals(figure):
    random_values = np.random.default_rng(4)
    for _ in range(30):
        settings = {
            "x": random_values.normal(size=12).tolist(),
            "w": random_values.normal(size=5).tolist(),
            "n": int(random_values.integers(9, 13)),
            "kernel": int(random_values.integers(1, 6)),
            "stride": int(random_values.integers(1, 5)),
            "padding": int(random_values.integers(0, 4)),
            "dilation": int(random_values.integers(1, 3)),
        }
        figure.set(settings)
        shown = figure.state()
        np.testing.assert_allclose(shown["y"], expected(shown), atol=1e-9)


def test_the_misfit_of_the_text_is_named(figure):
    text = figure.state()["size"]
    assert "(10 − 3)/2 + 1 = 4.5" in text
    assert "rounds down to 4" in text
    assert "Never used: x[9]" in text


def test_choosing_an_output_shows_its_sum(figure):
    outputs = figure.locator("[data-output]")
    outputs.nth(2).click()
    assert figure.state()["sum"] == "y[2] = w[0]·x[4] + w[1]·x[5] + w[2]·x[6] = 1·3 + 2·4 + (−1)·1 = 10"
    outputs.nth(2).press("ArrowRight")
    assert figure.state()["output"] == 3
    assert figure.focused("[data-output='3']")
    figure.get_by_role("button", name="Next output").click()
    assert figure.state()["output"] == 0
