import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.models import AlexNet

FULLY_CONNECTED = [37_752_832, 16_781_312, 4_097_000]


@pytest.mark.parametrize(
    ("towers", "convolutions", "total"),
    [
        (1, [34_944, 614_656, 885_120, 1_327_488, 884_992], 62_378_344),
        (2, [34_944, 307_456, 885_120, 663_936, 442_624], 60_965_224),
    ],
)
def test_parameters_of_each_layer(layers, towers, convolutions, total):
    per_layer = [row.parameters for row in layers(lambda: AlexNet(towers=towers))]
    assert per_layer == convolutions + FULLY_CONNECTED
    assert sum(per_layer) == total


def test_shapes_receptive_fields_and_units(layers):
    rows = {row.name.removeprefix("layers."): row for row in layers(AlexNet, all_rows=True)}
    shapes = {
        "conv1": (96, 55, 55),
        "pool1": (96, 27, 27),
        "conv2": (256, 27, 27),
        "pool2": (256, 13, 13),
        "conv3": (384, 13, 13),
        "conv4": (384, 13, 13),
        "conv5": (256, 13, 13),
        "pool5": (256, 6, 6),
        "fc6": (4096,),
        "fc7": (4096,),
        "fc8": (1000,),
    }
    assert {name: rows[name].output_shape for name in shapes} == shapes
    fields = [rows[name].receptive_field for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "pool5")]
    assert fields == [11, 51, 99, 131, 163, 195]
    units = [math.prod(row.output_shape) for name, row in rows.items() if name.startswith(("conv", "fc"))]
    assert sum(units) == 659_272
    assert math.prod(rows["conv1"].output_shape) == 290_400


def test_multiply_adds_of_two_towers(layers):
    macs = [row.macs for row in layers(lambda: AlexNet(towers=2))]
    assert sum(macs) == 724_406_816  # as others count them, without biases
    assert macs[1] == 27 * 27 * 256 * 48 * 25


def test_order_of_layers():
    kinds = [type(layer).__name__ for layer in AlexNet.small().layers]
    first = ["Conv2d", "ReLU", "LocalResponseNorm", "MaxPool2d"]
    assert kinds[:8] == 2 * first
    assert kinds[8:15] == ["Conv2d", "ReLU", "Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d"]
    assert kinds[15:] == ["Flatten", *2 * ["Linear", "ReLU", "Dropout"], "Linear"]


def test_local_response_norm_is_the_papers():
    # section 3.3: b_i = a_i / (k + alpha sum_j a_j²)^beta over five neighbouring maps, k = 2, alpha = 1e-4
    norm = AlexNet.small().layers.norm1
    a = 100 * torch.randn(2, 9, 4, 5, dtype=torch.float64)
    b = torch.empty_like(a)
    for i in range(9):
        neighbours = a[:, max(0, i - 2) : min(8, i + 2) + 1]
        b[:, i] = a[:, i] / (2 + 1e-4 * neighbours.square().sum(dim=1)) ** 0.75
    torch.testing.assert_close(norm(a), b)


def test_pooling_windows_overlap():
    pool = AlexNet.small().layers.pool1
    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, 2, 2] = 1  # in all four windows
    assert torch.equal(pool(x), torch.ones(1, 1, 2, 2))


def two_towers(build):
    torch.manual_seed(0)
    net = build()
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.05)
    return net.eval()


def test_two_towers_equal_one_with_zeros_in_place():
    two = two_towers(lambda: AlexNet.small(towers=2))
    one = two.as_one_tower()
    assert not one.training
    x = torch.randn(4, 3, 32, 32)
    torch.testing.assert_close(one(x), two(x), rtol=1e-4, atol=1e-5)
    zeros = [int((conv.weight == 0).sum()) for conv in one.layers if isinstance(conv, nn.Conv2d)]
    assert zeros == [0, 64 * 16 * 25, 0, 96 * 48 * 9, 64 * 48 * 9]
    assert sum(zeros) == sum(p.numel() for p in one.parameters()) - sum(p.numel() for p in two.parameters())


def test_one_tower_shares_no_memory_with_two_and_differs_once_the_zeros_are_filled():
    two = two_towers(lambda: AlexNet.small(towers=2))
    one, x = two.as_one_tower(), torch.randn(4, 3, 32, 32)
    before = two(x)
    with torch.no_grad():
        for parameter in one.parameters():
            parameter.add_(0.01)
    assert torch.equal(two(x), before)
    assert not torch.allclose(one(x), before, atol=1e-3)


def test_two_towers_at_full_size_equal_one():
    # convolutions only: the fully connected layers are the same in both
    two = AlexNet(num_classes=2, towers=2)
    for parameter in two.layers[:15].parameters():
        nn.init.normal_(parameter, std=0.05)
    one, x = two.as_one_tower(), torch.randn(1, 3, 227, 227)
    with torch.no_grad():
        y, expected = one.layers[:15](x), two.layers[:15](x)
    assert y.shape == (1, 256, 6, 6)
    torch.testing.assert_close(y, expected, rtol=1e-3, atol=1e-4)


def test_starts_as_in_section_5_of_the_paper():
    torch.manual_seed(0)
    net = AlexNet(num_classes=50)
    for name, parameter in net.named_parameters():
        layer, kind = name.split(".")[1:]
        if kind == "weight":
            assert abs(parameter.std().item() - 0.01) < 3e-4
        else:
            ones = layer in ("conv2", "conv4", "conv5", "fc6", "fc7")
            assert torch.equal(parameter, torch.full_like(parameter, float(ones)))


def test_dropout_acts_in_training_only():
    net, x = AlexNet.small(), torch.rand(2, 3, 32, 32)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_small_learns_to_tell_four_images_apart(stripes):
    torch.manual_seed(0)
    net, x, y = AlexNet.small(), stripes(3, 32), torch.arange(4)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
    for _ in range(30):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert net.eval()(x).argmax(dim=1).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"towers": 3}, ValueError, "towers: got 3, expected 1 or 2"),
        ({"towers": True}, TypeError, "towers: got bool True"),
        ({"num_classes": 0}, ValueError, "num_classes: got 0, expected an integer of at least 1"),
        ({"num_classes": 10.0}, TypeError, "num_classes: got float 10.0"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message), torch.device("meta"):
        AlexNet(**arguments)


def test_224_is_refused_as_the_paper_cannot_mean_it():
    with (
        torch.device("meta"),
        pytest.raises(ValueError, match=r"expected a batch of images, \(N, 3, 227, 227\)"),
    ):
        AlexNet()(torch.zeros(1, 3, 224, 224))
