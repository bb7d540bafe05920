import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.models import VGG
from course_pkg.models.vgg import convolution_stages

# torchvision's table of weights: parameters, and thousand million multiply-adds
TORCHVISION = {
    (11, False): (132_863_336, 7.61),
    (13, False): (133_047_848, 11.31),
    (16, False): (138_357_544, 15.47),
    (19, False): (143_667_240, 19.63),
    (11, True): (132_868_840, 7.61),
    (13, True): (133_053_736, 11.31),
    (16, True): (138_365_992, 15.47),
    (19, True): (143_678_248, 19.63),
}
# Simonyan and Zisserman, table 2, in millions
PAPER = {11: 133, 13: 133, 16: 138, 19: 144}


@pytest.mark.parametrize(("depth", "batch_norm"), TORCHVISION)
def test_counts(layers, depth, batch_norm):
    rows = layers(lambda: VGG(depth, batch_norm=batch_norm))
    parameters, giga = TORCHVISION[depth, batch_norm]
    assert sum(row.parameters for row in rows) == parameters
    assert round(sum(row.macs for row in rows) / 1e9, 2) == giga
    assert round(parameters / 1e6) == PAPER[depth]
    assert sum(row.kind in ("Conv2d", "Linear") for row in rows) == depth
    assert sum(row.kind == "BatchNorm2d" for row in rows) == (depth - 3) * batch_norm


def test_vgg_19_layer_by_layer(layers):
    rows = layers(lambda: VGG(19))
    convolutions = [1_792, 36_928, 73_856, 147_584, 295_168, *3 * [590_080], 1_180_160, *7 * [2_359_808]]
    assert [row.parameters for row in rows] == [*convolutions, 102_764_544, 16_781_312, 4_097_000]
    maps = [*2 * [(64, 224, 224)], *2 * [(128, 112, 112)], *4 * [(256, 56, 56)]]
    maps += [*4 * [(512, 28, 28)], *4 * [(512, 14, 14)]]
    assert [row.output_shape for row in rows] == [*maps, (4096,), (4096,), (1000,)]


def test_two_3x3_layers_see_what_a_5x5_sees(layers):
    rows = layers(lambda: VGG(16))
    assert [row.receptive_field for row in rows[:4]] == [3, 5, 10, 14]
    assert rows[12].receptive_field == 196


@pytest.mark.parametrize("batch_norm", [False, True])
def test_stages_as_functions(batch_norm):
    stages = convolution_stages(3, [(1, 4), (2, 6)], batch_norm)
    x = torch.randn(2, 3, 8, 12)
    convs = iter([layer for layer in stages if isinstance(layer, nn.Conv2d)])

    def layer(y):
        conv = next(convs)
        y = F.conv2d(y, conv.weight, conv.bias, padding=1)
        return F.relu(F.batch_norm(y, None, None, training=True) if batch_norm else y)

    y = F.max_pool2d(layer(x), 2)
    y = F.max_pool2d(layer(layer(y)), 2)
    torch.testing.assert_close(stages(x), y)


def test_small(stripes):
    torch.manual_seed(0)
    net, x, y = VGG.small(), stripes(3, 32), torch.arange(4)
    assert VGG.small(100)(x).shape == (4, 100)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
    for _ in range(25):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert net.eval()(x).argmax(dim=1).tolist() == [0, 1, 2, 3]


def test_signal_keeps_its_size_through_nineteen_layers():
    torch.manual_seed(0)
    features = VGG(19, num_classes=1).features.eval()
    with torch.no_grad():
        y = features(torch.randn(1, 3, 64, 64))
    assert 0.05 < y.std() < 50  # with deviation 0.01, as in the paper, about 1e-8 is left


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"depth": 12}, ValueError, "depth: got 12, expected 11, 13, 16 or 19"),
        ({"depth": "16"}, TypeError, "depth: got str '16', expected an integer"),
        ({"num_classes": -1}, ValueError, "num_classes: got -1"),
        ({"batch_norm": 1}, TypeError, "batch_norm: got int 1, expected True or False"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message), torch.device("meta"):
        VGG(**arguments)


def test_bad_images():
    with pytest.raises(ValueError, match=r"expected a batch of images, \(N, 3, 32, 32\)"):
        VGG.small()(torch.zeros(2, 3, 28, 28))
