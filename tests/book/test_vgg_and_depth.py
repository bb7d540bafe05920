"""Chapter 14: its functions count and measure what they say; its figures draw what they are given."""

from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg import arithmetic
from course_pkg.models.inception import TABLE_1, Inception, Widths
from course_pkg.plots import depth

CHAPTER = Path(__file__).parents[2] / "book" / "networks" / "vgg_and_depth.ipynb"
TAUGHT = ["imports", "imports-2", "stack-cost", "inception-convs", "inception-cost", "signal-run", "block"]
TAUGHT += ["block-2", "digit-net", "gradient-code"]
ALT = "A sentence that says what is seen."
WIDTHS = Widths(ones=5, reduce_threes=4, threes=7, reduce_fives=2, fives=3, pooled=6)


@cache
def chapter():
    """The functions that the chapter defines, from the cells that the reader sees."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    defined = {}
    threads = torch.get_num_threads()
    for name in TAUGHT:
        exec(cells[name], defined)
    torch.set_num_threads(threads)
    return defined


def table_cost(model, shape):
    table = arithmetic.layer_table(model, shape)
    return [sum(row.parameters for row in table), sum(row.macs for row in table)]


@pytest.mark.parametrize(("K", "L", "C", "side"), [(3, 4, 6, 10), (5, 2, 3, 9), (1, 3, 4, 5)])
def test_stack_cost_is_that_of_real_layers(K, L, C, side):
    layers = [nn.Conv2d(C, C, K, padding=K // 2, bias=False) for _ in range(L)]
    sees, *cost = chapter()["stack_cost"](K, L, C, side)
    assert cost == table_cost(nn.Sequential(*layers), (C, side, side))
    x = torch.zeros(1, C, 41, 41, requires_grad=True)
    for layer in layers:
        nn.init.ones_(layer.weight)
    nn.Sequential(*layers)(x)[0, 0, 20, 20].backward()
    assert x.grad[0, 0, 20].count_nonzero() == sees


@pytest.mark.parametrize(("C", "widths"), [(9, WIDTHS), (480, TABLE_1["4a"]), (832, TABLE_1["5b"])])
def test_block_cost_is_that_of_a_real_block(C, widths):
    with torch.device("meta"):
        expected = table_cost(Inception(C, widths), (C, 6, 6))
    assert chapter()["block_cost"](C, widths, 6, reduced=True).tolist() == expected


def test_block_cost_without_reductions_is_that_of_four_plain_layers():
    sizes = [(WIDTHS.ones, 1), (WIDTHS.threes, 3), (WIDTHS.fives, 5), (WIDTHS.pooled, 1)]
    layers = [table_cost(nn.Conv2d(9, maps, K, padding=K // 2), (9, 6, 6)) for maps, K in sizes]
    assert chapter()["block_cost"](9, WIDTHS, 6, reduced=False).tolist() == np.sum(layers, axis=0).tolist()


def test_signal_sizes_are_standard_deviations_behind_each_convolution():
    layers = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.MaxPool2d(2))
    x, fans = torch.randn(2, 3, 9, 9), []
    sizes = chapter()["signal_sizes"](layers, x, lambda n: fans.append(n) or 0.3)
    assert fans == [27, 72]
    expected = [layers[0](x).std().item(), layers[:3](x).std().item()]
    np.testing.assert_allclose(sizes, expected, rtol=1e-6)


@pytest.mark.parametrize("shortcut", [True, False])
def test_a_block_whose_last_layer_is_nothing_copies_only_with_a_shortcut(shortcut):
    block = chapter()["Block"](6, shortcut)
    nn.init.zeros_(block.f[-1].weight)
    x = torch.rand(3, 6, 7, 7)
    assert torch.equal(block(x), x if shortcut else torch.zeros_like(x))


@pytest.mark.parametrize("blocks", [1, 3])
def test_digit_nets_have_the_layers_they_are_drawn_with(blocks):
    net = chapter()["digit_net"](blocks, True, C=5)
    weighted = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(weighted) == 2 + 2 * blocks
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert sum(isinstance(layer, chapter()["Block"]) for layer in net[4:-3]) == blocks == len(net[4:-3])


def test_gradient_sizes_are_those_of_the_chain_rule():
    torch.manual_seed(0)
    net = chapter()["digit_net"](3, True, C=4).double().eval()
    x, y = torch.rand(5, 1, 28, 28, dtype=torch.float64), torch.tensor([0, 3, 9, 9, 1])
    found = chapter()["gradient_sizes"](net, x, y)
    h = net[:6](x).detach()  # behind the second of three blocks
    with torch.no_grad():
        direction, step = torch.randn_like(h), 1e-5
        rise = [F.cross_entropy(net[6:](h + s * direction), y) for s in (step, -step)]
    h.requires_grad_()
    F.cross_entropy(net[6:](h), y).backward()
    slope = (h.grad * direction).sum().item()
    assert slope == pytest.approx((rise[0] - rise[1]).item() / (2 * step), rel=1e-3)
    assert found[1] == pytest.approx(h.grad.norm().item(), rel=1e-9)
    assert found.shape == (3,)


def test_stacks_show_every_unit_that_is_seen():
    axes = depth.stacks({"a": [5, 3], "b": [7]}, alt=ALT).drawing.axes
    assert [len(each.patches) for each in axes] == [1 + 3 + 7, 1 + 7]
    ends = sorted(float(line.get_xdata()[1]) for line in axes[0].lines)
    assert ends == [-3.5, -1.5, 1.5, 3.5]


def test_layer_bars_are_shares():
    columns = {"a": {"x": 1, "y": 3}, "b": {"x": 5, "y": 5}}
    axes = depth.layer_bars(columns, alt=ALT).drawing.axes
    assert [[bar.get_width() for bar in each.patches] for each in axes] == [[0.25, 0.75], [0.5, 0.5]]


def test_errors_stand_at_their_values():
    results = [depth.Result("A", 2012, 8, 18.2, 16.4), depth.Result("B", 2015, 50, 5.0, 4.5)]
    axes = depth.error_by_depth(results, alt=ALT).drawing.axes
    for each, result in zip(axes, results, strict=True):
        marks = [float(line.get_xdata()[0]) for line in each.lines if len(line.get_xdata())]
        assert marks == [result.single, result.several]
        assert each.get_title(loc="left") == f"{result.year}: {result.name}, {result.depth} layers"


def test_along_depth_counts_layers_from_one():
    [axes] = depth.along_depth({"a": [1, 10, 1e5]}, xlabel="x", ylabel="y", alt=ALT).drawing.axes
    assert axes.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert axes.lines[0].get_ydata().tolist() == [1, 10, 1e5]


RESULT = depth.Result("A", 2012, 8, 18.2, 16.4)
STILL = depth.stacks({"a": [3]}, alt=ALT)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: depth.stacks({}, alt=ALT), "panels: got none"),
        (lambda: depth.stacks({"a": [3, 4]}, alt=ALT), r"panels\['a'\]: got \(3, 4\).*all odd"),
        (lambda: depth.stacks({"a": []}, alt=ALT), "at least one kernel size"),
        (lambda: depth.layer_bars({}, alt=ALT), "columns: got {}"),
        (lambda: depth.layer_bars({"a": {"x": 1}, "b": {"y": 1}}, alt=ALT), "the same layers in each"),
        (lambda: depth.layer_bars({"a": {"x": 1, "y": -1}}, alt=ALT), "none below 0"),
        (lambda: depth.layer_bars({"a": {"x": 0}}, alt=ALT), "not all 0"),
        (lambda: depth.error_by_depth([], alt=ALT), "expected at least one"),
        (lambda: depth.error_by_depth([RESULT, RESULT._replace(depth=7)], alt=ALT), "from 1 and rising"),
        (lambda: depth.error_by_depth([RESULT._replace(single=101)], alt=ALT), "expected percentages"),
        (lambda: depth.along_depth({}, xlabel="x", ylabel="y", alt=ALT), "got 0 curves"),
        (lambda: depth.along_depth({"a": [1, 0]}, xlabel="x", ylabel="y", alt=ALT), "positive numbers only"),
        (lambda: depth.stack_explorer((1, 4), (2, 3), channels=8, side=7, still=STILL), "left: got.*all odd"),
        (lambda: depth.stack_explorer((1, 3), (0, 3), channels=8, side=7, still=STILL), r"right\[0\]: got 0"),
        (lambda: depth.stack_explorer((1, 3), (1, 3), channels=0, side=7, still=STILL), "channels: got 0"),
    ],
)
def test_bad_input_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
