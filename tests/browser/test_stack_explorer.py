"""The stack explorer of chapter 14 sees and counts as the package does, whatever is chosen."""

import random

from course_pkg import arithmetic

FIGURE = "stack_explorer"
KERNELS = [1, 3, 5, 7, 9, 11]
CHANNELS = [16, 64, 128, 256, 512]
SIDES = [7, 14, 28, 56, 112, 224]


def expected(layers, kernel, channels, side):
    """What an output sees at each layer on the way down, weights and multiply-adds of the whole stack."""
    sizes = channels, channels, (kernel, kernel)
    weights = arithmetic.conv_parameters(*sizes, bias=False)
    macs = arithmetic.conv_macs(*sizes, positions=(side, side))
    fields = [size for size, _, _ in arithmetic.receptive_field([(kernel, 1)] * layers)]
    return {
        "layers": layers,
        "kernel": kernel,
        "rows": [1, *fields],
        "sees": fields[-1],
        "weights": layers * weights,
        "macs": layers * macs,
    }


def agrees(figure):
    shown = figure.state()
    stacks = [
        expected(shown[f"layers{letter}"], shown[f"kernel{letter}"], shown["channels"], shown["side"])
        for letter in "AB"
    ]
    assert shown["stacks"] == stacks
    left, right = stacks
    for stack, text in zip(stacks, shown["said"][:2], strict=True):
        assert f"= {stack['weights']:,} weights" in text
        assert f"{stack['macs']:,} multiply-adds" in text
        assert f"{stack['sees']}×{stack['sees']}." in text
    comparison = shown["said"][2]
    assert ("Both see the same" in comparison) == (left["sees"] == right["sees"])
    assert ("The left one sees more" in comparison) == (left["sees"] > right["sees"])
    if left["weights"] != right["weights"]:
        assert f"costs {right['weights'] / left['weights']:.3g} times" in comparison
    drawn = figure.locator("svg rect").count()
    assert drawn >= sum(sum(stack["rows"]) for stack in stacks)  # the hidden still has boxes as well


def test_controls_agree_with_the_package(figure):
    draw = random.Random(14)
    kernel_a, kernel_b, channels, side = (figure.get_by_role("combobox").nth(i) for i in range(4))
    for _ in range(30):
        wanted = {"layersA": draw.randint(1, 6), "layersB": draw.randint(1, 6)}
        figure.slide({"Layers, left": wanted["layersA"], "Layers, right": wanted["layersB"]})
        chosen = {"kernelA": KERNELS, "kernelB": KERNELS, "channels": CHANNELS, "side": SIDES}
        for box, (name, options) in zip((kernel_a, kernel_b, channels, side), chosen.items(), strict=True):
            wanted[name] = draw.choice(options)
            box.select_option(str(wanted[name]))
        shown = figure.state()
        assert {key: shown[key] for key in wanted} == wanted
        agrees(figure)


def test_starts_with_the_stacks_of_the_text(figure):
    shown = figure.state()
    assert shown["said"][0].startswith("Left: 1 layer of 7×7 sees 7×7.")
    assert shown["said"][1].startswith("Right: 3 layers of 3×3 see 7×7.")
    assert "Both see the same. The right one costs 0.551 times" in shown["said"][2]
    agrees(figure)


def test_walking_down_lights_what_each_output_sees(figure):
    lit = "[data-down][fill-opacity='0.6']"
    assert figure.locator(lit).count() == 2  # the two outputs
    figure.get_by_role("button", name="One layer down").click()
    assert figure.locator(lit).count() == 2 + 7 + 3
    figure.get_by_role("button", name="One layer down").click()
    assert figure.locator(lit).count() == 2 + 7 + 3 + 5
    assert figure.state()["said"][3] == "2 layers down: 7×7 units on the left, 5×5 on the right."
    for _ in range(3):
        figure.get_by_role("button", name="One layer up").click()
    assert figure.state()["row"] == 3  # around, past the output


def test_fewer_layers_end_the_walk(figure):
    figure.set({"layersA": 6, "layersB": 2, "row": 6})
    figure.slide({"Layers, left": 3})
    assert figure.state()["row"] == 3
