"""The separable explorer of chapter 11 counts and links as the package does, whatever is chosen."""

import random

import numpy as np

from course_pkg import arithmetic, ops

FIGURE = "separable_explorer"
CHANNELS = [2, 4, 6, 8, 12]


def reach(channels, groups):
    """(out, in): which channels come through a layer in groups, by experiment."""
    w = np.ones((channels, channels // groups, 1, 1))
    return ops.conv2d(np.eye(channels)[..., None, None], w, groups=groups)[..., 0, 0].T


def agrees(shown):
    C, G, kernel = shown["channels"], shown["groups"], (shown["kernel"], shown["kernel"])
    options = {"bias": False, "positions": (shown["side"], shown["side"])}
    weights = arithmetic.conv_parameters(C, C, kernel, bias=False, groups=G)
    macs = arithmetic.conv_macs(C, C, kernel, groups=G, **options)
    steps = [reach(C, G)]
    if shown["pointwise"]:
        weights += arithmetic.conv_parameters(C, C, (1, 1), bias=False)
        macs += arithmetic.conv_macs(C, C, (1, 1), **options)
        steps.append(reach(C, 1))
    assert (shown["weights"], shown["macs"]) == (weights, macs)
    assert shown["full"] == arithmetic.conv_parameters(C, C, kernel, bias=False)
    assert shown["fullMacs"] == arithmetic.conv_macs(C, C, kernel, **options)
    assert len(shown["steps"]) == len(steps)
    for drawn, expected in zip(shown["steps"], steps, strict=True):
        np.testing.assert_array_equal(drawn, expected)
    heard = np.flatnonzero(np.linalg.multi_dot([*steps[::-1], np.eye(C)])[shown["output"]])
    assert shown["heard"] == heard.tolist()
    for number in (weights, macs, shown["full"], shown["fullMacs"]):
        assert f"{number:,}" in shown["counts"]


def test_controls_agree_with_the_package(figure):
    draw = random.Random(11)
    choices = figure.get_by_role("combobox")  # channels, groups, then
    for _ in range(35):
        C = draw.choice(CHANNELS)
        choices.nth(0).select_option(str(C))
        offered = [
            int(value) for value in choices.nth(1).locator("option").evaluate_all("o => o.map(x => x.value)")
        ]
        assert offered == [g for g in range(1, C + 1) if C % g == 0]
        G, K, side = draw.choice(offered), draw.randint(1, 7), draw.randint(4, 64)
        choices.nth(1).select_option(str(G))
        choices.nth(2).select_option(draw.choice(["yes", "no"]))
        figure.slide({"Kernel size K": K, "Map side": side})
        figure.locator(f"[data-output='{draw.randrange(C)}']").click()
        shown = figure.state()
        assert (shown["channels"], shown["groups"], shown["kernel"], shown["side"]) == (C, G, K, side)
        agrees(shown)
        lines = sum(np.count_nonzero(step) for step in shown["steps"])
        lit = sum(len(path) for path in shown["paths"])
        assert figure.locator("svg line").count() == lines + lit


def test_settings_from_outside(figure):
    draw = random.Random(12)
    for _ in range(30):
        C = draw.choice(CHANNELS)
        settings = {"channels": C, "groups": draw.choice([g for g in range(1, C + 1) if C % g == 0])}
        settings |= {"kernel": draw.randint(1, 7), "side": draw.randint(4, 64), "output": draw.randrange(C)}
        settings |= {"pointwise": draw.random() < 0.5}
        figure.set(settings)
        shown = figure.state()
        assert {key: shown[key] for key in settings} == settings
        agrees(shown)


def test_says_what_kind_of_layer_it_is(figure):
    named = {
        (1, False): "A full layer:",
        (4, False): "A layer in 4 groups:",
        (8, False): "A depthwise layer:",
    }
    named |= {(8, True): "A depthwise separable layer:", (4, True): "A layer in 4 groups, then 1×1:"}
    for (groups, pointwise), name in named.items():
        settings = {"channels": 8, "groups": groups, "pointwise": pointwise}
        figure.set(settings)
        assert figure.state()["counts"].startswith(name)


def test_groups_that_do_not_divide_the_channels_become_one(figure):
    figure.evaluate("root => root.course.set({ channels: 8, groups: 8 })")
    figure.get_by_role("combobox").nth(0).select_option("12")
    shown = figure.state()
    assert (shown["channels"], shown["groups"]) == (12, 1)


def test_arrow_keys_walk_and_keep_the_focus(figure):
    figure.locator("[data-output='7']").click()
    figure.locator("[data-output='7']").press("ArrowRight")
    assert figure.state()["output"] == 0
    assert figure.focused("[data-output='0']")
