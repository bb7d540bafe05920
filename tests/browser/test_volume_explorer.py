"""The volume explorer of chapter 6 agrees with the package, whatever its sliders say."""

import random
import re

import numpy as np

from course_pkg import arithmetic, ops

FIGURE = "volume_explorer"
LABELS = {"kernel": "Kernel size K", "stride": "Stride S", "padding": "Padding P"}


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
        figure.slide({LABELS[key]: value for key, value in wanted.items()})
        shown = figure.state()
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
        figure.set(settings)
        named = re.search(r"rows and columns ([\d, ]+)\.$", figure.state()["size"])
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
        figure.set(settings)
        shown = figure.state()
        np.testing.assert_allclose(shown["y"], expected(shown), atol=1e-9)


def test_the_sum_is_that_of_the_chosen_output(figure):
    figure.evaluate("root => root.course.set({ stride: 1, padding: 1, kernel: 3 })")
    for place in ["0 0 0", "1 6 6", "0 3 5"]:
        figure.locator(f"[data-output='{place}']").click()
        shown = figure.state()
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
    assert figure.state()["output"] == [1, 2, 1]
    assert figure.focused("[data-output='1 2 1']")
    figure.locator("[data-output='1 2 1']").press("ArrowRight")
    figure.locator("[data-output='1 2 2']").press("ArrowRight")
    assert figure.state()["output"] == [1, 2, 0]
    figure.get_by_role("button", name="Next output").click()
    assert figure.state()["output"] == [1, 2, 1]


def test_a_smaller_output_keeps_the_choice_inside(figure):
    figure.evaluate("root => root.course.set({ stride: 1, padding: 1, kernel: 3, output: [1, 6, 6] })")
    figure.slide({LABELS["stride"]: 4})
    shown = figure.state()
    assert shown["output"] == [1, 1, 1]
    assert shown["sum"].startswith("y[1, 1, 1]")


def test_new_numbers_are_new_and_right(figure):
    before = figure.state()
    figure.get_by_role("button", name="New numbers").click()
    after = figure.state()
    assert after["x"] != before["x"]
    np.testing.assert_allclose(after["y"], expected(after), atol=1e-9)


def test_fits_a_phone(figure, page):
    page.set_viewport_size({"width": 390, "height": 844})
    figure.slide({LABELS["padding"]: 1, LABELS["kernel"]: 1, LABELS["stride"]: 1})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    smallest = figure.locator("[data-output='0 0 0'] rect").bounding_box()
    assert smallest["width"] > 12
