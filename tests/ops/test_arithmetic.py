"""Sizes, receptive fields and counts against PyTorch and against what the numbers mean."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from course_pkg.arithmetic import conv_macs, conv_parameters, layer_table, output_size, receptive_field

SMALL = list(itertools.product(range(1, 9), range(1, 5), range(1, 5), range(3), range(1, 4)))


def size_or_none(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except (ValueError, RuntimeError):
        return None


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_output_size_of_pooling_in_pytorch(ceil_mode):
    def pooled(n, kernel, stride, padding, dilation):
        pool = nn.MaxPool1d(kernel, stride, padding, dilation, ceil_mode=ceil_mode)
        return pool(torch.zeros(1, 1, n)).shape[-1]

    sizes = [
        case for case in SMALL if case[3] <= case[1] // 2
    ]  # PyTorch pads a pool by half a window at most
    theirs = [size_or_none(pooled, *case) for case in sizes]
    assert 0.1 < np.mean([size is None for size in theirs]) < 0.5
    assert [size_or_none(output_size, *case, ceil_mode=ceil_mode) for case in sizes] == theirs


def test_output_size_of_convolution_in_pytorch():
    def convolved(n, kernel, stride, padding, dilation):
        x, w = torch.zeros(1, 1, n), torch.zeros(1, 1, kernel)
        return nn.functional.conv1d(x, w, None, stride, padding, dilation).shape[-1]

    assert [size_or_none(output_size, *case) for case in SMALL] == [
        size_or_none(convolved, *case) for case in SMALL
    ]


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "padding", "size"),
    [
        (7, 3, 1, 0, 5),
        (7, 3, 2, 0, 3),
        (5, 3, 1, 1, 5),
        (5, 3, 2, 1, 3),
        (6, 3, 1, 0, 4),
        (227, 11, 4, 0, 55),
    ],
)
def test_output_sizes_of_the_syllabus(n, kernel, stride, padding, size):
    assert output_size(n, kernel, stride, padding, strict=True) == size


@pytest.mark.parametrize(
    ("sizes", "shown"), [((10, 3, 2, 0), "= 4.5"), ((5, 3, 3, 1), "= 2.33"), ((224, 11, 4, 0), "= 54.25")]
)
def test_strict_names_the_numbers(sizes, shown):
    n, kernel, stride, padding = sizes
    named = f"n={n}, kernel={kernel}, stride={stride}, padding={padding}, dilation=1"
    with pytest.raises(ValueError, match=named) as error:
        output_size(*sizes, strict=True)
    assert shown in str(error.value)
    with pytest.raises(ValueError, match=named):
        output_size(*sizes, strict=True, ceil_mode=True)
    assert output_size(*sizes) == (n + 2 * padding - kernel) // stride + 1


def seen_by(layers, n, output):
    """Which of n inputs one output of a chain of layers with kernels of ones depends on."""
    x = torch.zeros(1, 1, n, requires_grad=True)
    y = x
    for kernel, stride, dilation in layers:
        y = nn.functional.conv1d(y, torch.ones(1, 1, kernel), None, stride, 0, dilation)
    y[0, 0, output].backward()
    return np.flatnonzero(x.grad[0, 0].numpy())


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=4))
def test_receptive_field_is_what_an_output_sees(layers):
    rows = receptive_field(layers)
    assert len(rows) == len(layers)
    for depth, (size, jump, start) in enumerate(rows, 1):
        first, second = (seen_by(layers[:depth], size + jump, output) for output in (0, 1))
        assert first[-1] - first[0] + 1 == size
        assert second[0] - first[0] == jump
        assert (first[0] + first[-1]) / 2 == start


def test_receptive_fields_of_the_syllabus():
    def sizes(layers):
        return [size for size, _, _ in receptive_field(layers)]

    assert sizes([(3, 2)] * 3) == [3, 7, 15]
    assert sizes([(5, 1)] * 4) == [1 + layer * 4 for layer in (1, 2, 3, 4)]
    alexnet = [(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)]
    assert sizes(alexnet) == [11, 19, 51, 67, 99, 131, 163, 195]
    assert receptive_field([]) == []


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(("layer", "kernel"), [(nn.Conv1d, 3), (nn.Conv2d, (3, 5)), (nn.Conv3d, (2, 3, 4))])
def test_conv_parameters_of_pytorch_layers(layer, kernel, groups, bias):
    theirs = sum(p.numel() for p in layer(4, 6, kernel, bias=bias, groups=groups).parameters())
    assert conv_parameters(4, 6, kernel, bias, groups) == theirs


def test_counts_of_the_syllabus():
    assert conv_parameters(1, 4, 9) == 36 + 4
    assert conv_parameters(4, 10, 5) == 200 + 10
    assert conv_parameters(32, 16, (5, 5), bias=False) == 12_800
    assert conv_macs(32, 16, (5, 5), (50, 50)) == 32_000_000
    assert conv_parameters(3, 96, (11, 11)) == 34_944
    assert conv_macs(3, 96, (11, 11), (55, 55), bias=True) == 105_705_600


def test_layer_table_of_the_mnist1d_network():
    channels = [1, 15, 15, 15]
    convs = [nn.Conv1d(c, o, 3, stride=2) for c, o in itertools.pairwise(channels)]
    model = nn.Sequential(*itertools.chain(*((c, nn.ReLU()) for c in convs)), nn.Flatten(), nn.Linear(60, 10))
    table = layer_table(model, (1, 40))
    layers = [row for row in table if row.kind in ("Conv1d", "Linear")]
    assert [row.output_shape for row in layers] == [(15, 19), (15, 9), (15, 4), (10,)]
    assert [row.parameters for row in layers] == [60, 690, 690, 610]
    assert [row.macs for row in layers] == [19 * 45, 9 * 675, 4 * 675, 600]
    assert [row.receptive_field for row in layers] == [3, 7, 15, None]
    assert sum(row.parameters for row in table) == 2_050
    assert "2,050" in str(table)
    assert [row.kind for row in table] == [type(layer).__name__ for layer in model]


def test_layer_table_of_the_first_layers_of_alexnet():
    model = nn.Sequential()
    model.add_module("conv1", nn.Conv2d(3, 96, 11, stride=4))
    model.add_module("pool1", nn.MaxPool2d(3, 2))
    model.add_module("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=2))
    model.add_module("head", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10)))
    table = layer_table(model, (3, 227, 227))
    assert [row.name for row in table] == ["conv1", "pool1", "conv2", "head.0", "head.1", "head.2"]
    assert [row.output_shape for row in table][:3] == [(96, 55, 55), (96, 27, 27), (256, 27, 27)]
    assert [row.receptive_field for row in table] == [11, 19, 51, None, None, None]
    assert [row.parameters for row in table][:3] == [34_944, 0, 307_456]
    assert [row.macs for row in table][:3] == [34_848 * 55 * 55, 0, 307_200 * 27 * 27]


def test_layer_table_of_unequal_axes_and_other_layers():
    class Own(nn.Conv2d):
        """A convolution layer of one's own."""

    model = nn.Sequential(
        Own(2, 4, (3, 5), stride=(1, 2), dilation=(2, 1)),
        nn.AvgPool2d(2),
        nn.BatchNorm2d(4),
        nn.ConvTranspose2d(4, 2, 2, stride=2),
    )
    table = layer_table(model, (2, 16, 16))
    assert [row.output_shape for row in table] == [(4, 12, 6), (4, 6, 3), (4, 6, 3), (2, 12, 6)]
    assert [row.receptive_field for row in table] == [(5, 5), (6, 7), (6, 7), None] or table[
        0
    ].receptive_field == 5
    assert [row.macs for row in table] == [4 * 2 * 15 * 72, 0, 0, 4 * 2 * 4 * 18]


def test_layer_table_when_the_model_adds_an_axis():
    model = nn.Sequential(nn.Unflatten(1, (1, 40)), nn.Conv1d(1, 2, 3), nn.Flatten(), nn.Linear(76, 3))
    assert [row.receptive_field for row in layer_table(model, (40,))] == [1, 3, 3, None]


def test_layer_table_counts_a_shared_layer_once_but_runs_it_twice():
    shared = nn.Conv1d(2, 2, 3, padding=1)
    table = layer_table(nn.Sequential(shared, shared), (2, 8))
    assert [row.parameters for row in table] == [14, 0]
    assert [row.macs for row in table] == [96, 96]
    assert [row.receptive_field for row in table] == [3, 5]


def test_layer_table_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.Dropout())
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    layer_table(model, (1, 8))
    assert [layer.training for layer in model] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(layer._forward_hooks for layer in model.modules())
