"""The AlexNet explorer shows the package's numbers, and the pixels that really change what a unit says."""

import random
import re

import pytest
import torch
from torch import nn

from course_pkg import arithmetic
from course_pkg.models import AlexNet

FIGURE = "alexnet_explorer"
LAYERS = ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8"]
SIZE = 227


@pytest.fixture(scope="module")
def tables():
    """What the package says: {towers: {layer: row}}."""
    found = {}
    for towers in (1, 2):
        with torch.device("meta"):
            net = AlexNet(towers=towers)
        found[towers] = {row.name: row for row in arithmetic.layer_table(net.layers, net.input_size)}
    return found


def seen(layer, row, column):
    """The rows and columns of pixels, first and last, that one unit depends on, by experiment.

    One map a layer, weights above 0, means instead of maxima: every pixel that a unit sees has a gradient.
    """
    plan = [nn.Conv2d(3, 1, 11, 4), nn.AvgPool2d(3, 2), nn.Conv2d(1, 1, 5, 1, 2), nn.AvgPool2d(3, 2)]
    plan += [*(nn.Conv2d(1, 1, 3, 1, 1) for _ in range(3)), nn.AvgPool2d(3, 2)]
    net = nn.Sequential(*plan[: LAYERS.index(layer) + 1]).double()
    for parameter in net.parameters():
        nn.init.constant_(parameter, 1.0)
    x = torch.zeros(1, 3, SIZE, SIZE, dtype=torch.double, requires_grad=True)
    net(x)[0, 0, row, column].backward()
    used = x.grad[0].sum(dim=0) > 0
    return [torch.nonzero(used.any(dim=1 - axis)).flatten()[[0, -1]].tolist() for axis in (0, 1)]


def chosen(size, percent):
    """The unit at this place of a row of `size`; JavaScript rounds halves up."""
    return int(percent / 100 * (size - 1) + 0.5)


def agrees(shown, tables):
    """The numbers are the package's, and the square holds exactly the pixels that matter."""
    row = tables[shown["towers"]][shown["name"]]
    assert (tuple(shown["shape"]), shown["parameters"], shown["macs"]) == (
        row.output_shape, row.parameters, row.macs)  # fmt: skip
    for number in (row.parameters, row.macs):
        assert not number or f"{number:,} (" in shown["counts"]
    if row.receptive_field is None:
        assert shown["field"] == [0, 0, SIZE]
        return
    sizes = row.output_shape[1:]
    assert shown["unit"] == [chosen(sizes[0], shown["down"]), chosen(sizes[1], shown["across"])]
    top, left, side = shown["field"]
    assert side == row.receptive_field
    clipped = [[max(start, 0), min(start + side, SIZE) - 1] for start in (top, left)]
    assert clipped == seen(shown["name"], *shown["unit"])
    inside = [last - begin + 1 for begin, last in clipped]
    past = f"{inside[0]} rows and {inside[1]} columns of it are pixels"
    assert (past in shown["sight"]) == (min(inside) < side)


def test_every_layer_of_both_networks_by_the_controls(figure, tables):
    draw = random.Random(13)
    for towers in ("1", "2"):
        figure.get_by_role("combobox").select_option(towers)
        for layer in LAYERS:
            figure.locator(f"[data-layer={layer}]").click()
            figure.slide({"left to right": draw.randint(0, 100), "top to bottom": draw.randint(0, 100)})
            shown = figure.state()
            assert (shown["towers"], shown["name"]) == (int(towers), layer)
            agrees(shown, tables)


def test_the_corners_where_padding_is_seen(figure, tables):
    for layer in LAYERS[:8]:
        for across, down in ((0, 0), (100, 0), (0, 100), (100, 100)):
            figure.set({"layer": LAYERS.index(layer) + 1, "across": across, "down": down})
            agrees(figure.state(), tables)


def test_the_drawn_square_is_the_one_that_is_told(figure):
    figure.set({"layer": 3, "across": 20, "down": 70})
    top, left, side = figure.state()["field"]
    for square in figure.locator("rect.field").all():
        drawn = [float(square.get_attribute(key)) for key in ("y", "x", "width", "height")]
        assert drawn == [top, left, side, side]


def test_the_image_itself_and_the_shares_add_up(figure, tables):
    figure.locator("[data-layer=image]").click()
    shown = figure.state()
    assert shown["shape"] == [3, SIZE, SIZE]
    assert shown["field"][2] == 1
    for towers in (1, 2):
        total = 0.0
        for i in range(1, len(LAYERS) + 1):
            figure.set({"layer": i, "towers": towers})
            shown = figure.state()
            if shown["parameters"]:
                share = shown["parameters"] / sum(row.parameters for row in tables[towers].values())
                percent = re.search(r"Parameters: [\d,]+ \((less than 1|[\d.]+)", shown["counts"]).group(1)
                assert share < 0.01 if percent == "less than 1" else abs(100 * share - float(percent)) <= 0.5
                total += share
        assert total == pytest.approx(1)


def test_a_press_on_the_map_chooses_the_unit_under_it(figure):
    figure.set({"layer": 8, "across": 50, "down": 50})  # pool5: 6 × 6
    map_of_pool5 = figure.get_by_role("img", name="A map of pool5")
    cell = map_of_pool5.bounding_box()["width"] / 7  # a margin of half a cell on each side
    for row, column in ((0, 0), (1, 4), (5, 2)):
        map_of_pool5.click(position={"x": (column + 1) * cell, "y": (row + 1) * cell})
        assert figure.state()["unit"] == [row, column]


def test_previous_and_next_go_round(figure):
    figure.set({"layer": 0})
    figure.get_by_role("button", name="Previous layer").click()
    assert figure.state()["name"] == "fc8"
    figure.get_by_role("button", name="Next layer").click()
    assert figure.state()["name"] == "image"
