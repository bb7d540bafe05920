"""The column explorer of chapter 7 agrees with the package, whatever is chosen."""

import random

import numpy as np

from course_pkg import ops

FIGURE = "column_explorer"
SLIDERS = {  # label and range
    "n": ("Image side N", 3, 5),
    "kernel": ("Kernel size K", 2, 3),
    "stride": ("Stride S", 1, 3),
    "channels": ("Channels C", 1, 2),
}


def columns_of(x, shown):
    return ops.unfold(np.asarray(x, dtype=float), shown["kernel"], stride=shown["stride"])


def agrees(shown):
    x, w = np.array(shown["x"], dtype=float), np.array(shown["w"], dtype=float)
    assert x.shape == (shown["channels"], shown["n"], shown["n"])
    np.testing.assert_allclose(shown["columns"], columns_of(x, shown), atol=1e-9)
    y = ops.conv2d(x, w[None], stride=shown["stride"])[0]
    np.testing.assert_allclose(shown["y"], y.ravel(), atol=1e-9)
    copies = ops.fold(columns_of(np.ones_like(x), shown), shown["n"], shown["kernel"], stride=shown["stride"])
    np.testing.assert_array_equal(shown["copies"], copies)


def lit(shown):
    """What ought to be lit in X_col."""
    if shown["kind"] == "output":
        rows = np.arange(len(shown["columns"]))
        return [[int(row), shown["output"]] for row in rows]
    marked = np.zeros((shown["channels"], shown["n"], shown["n"]))
    marked[tuple(shown["input"])] = 1
    return np.argwhere(columns_of(marked, shown)).tolist()


def test_sliders_and_choices_agree_with_the_package(figure):
    draw = random.Random(7)
    for _ in range(40):
        wanted = {key: draw.randint(low, high) for key, (_, low, high) in SLIDERS.items()}
        figure.slide({SLIDERS[key][0]: value for key, value in wanted.items()})
        kind = draw.choice(["input", "output"])
        cells = figure.locator(f"[data-{kind}]")
        cell = cells.nth(draw.randrange(cells.count()))
        cell.click()
        shown = figure.state()
        assert {key: shown[key] for key in wanted} == wanted
        assert shown["kind"] == kind
        agrees(shown)
        assert shown["lit"] == lit(shown)
        assert figure.locator("[data-cell]").count() == np.size(shown["columns"])
        if kind == "input":
            count = shown["copies"][shown["input"][0]][shown["input"][1]][shown["input"][2]]
            said = {0: "no copy of it", 1: "one copy"}.get(count, f"{count} copies")
            assert said in shown["chosen"]
            where = sorted(column for _, column in shown["lit"])
            assert count == 0 or shown["chosen"].endswith(f" {', '.join(map(str, where))}.")


def test_random_values(figure):
    values = np.random.default_rng(8)
    for _ in range(30):
        settings = {
            "x": values.normal(size=(2, 5, 5)).tolist(),
            "w": values.normal(size=(2, 3, 3)).tolist(),
            "n": int(values.integers(3, 6)),
            "kernel": int(values.integers(2, 4)),
            "stride": int(values.integers(1, 4)),
            "channels": int(values.integers(1, 3)),
            "output": 0,
        }
        figure.set(settings)
        agrees(figure.state())


def test_says_which_products_made_an_output(figure):
    figure.locator("[data-output='4']").click()
    shown = figure.state()
    assert shown["chosen"].startswith("Column 4 is the window whose corner lies at row 1, column 1")
    column, weights = np.array(shown["columns"])[:, 4], np.ravel(shown["w"])
    products = shown["chosen"].partition("y[1, 1] = ")[2].split(" = ")[0].split(" + ")
    factors = [product.replace("−", "-").replace("(", "").replace(")", "").split("·") for product in products]
    assert [[float(a), float(b)] for a, b in factors] == np.stack([weights, column], axis=1).tolist()
    assert shown["chosen"].endswith(f"= {weights @ column:g}".replace("-", "−"))


def test_arrow_keys_walk_and_keep_the_focus(figure):
    figure.locator("[data-input='0,2,2']").click()
    figure.locator("[data-input='0,2,2']").press("ArrowDown")
    assert figure.state()["input"] == [0, 3, 2]
    assert figure.focused("[data-input='0,3,2']")
    figure.locator("[data-output='4']").press("ArrowRight")
    assert figure.state()["output"] == 5
    assert figure.focused("[data-output='5']")


def test_a_press_on_a_column_chooses_its_output(figure):
    figure.locator("[data-cell='2,7']").click()
    shown = figure.state()
    assert (shown["kind"], shown["output"]) == ("output", 7)
