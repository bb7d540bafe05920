import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch.nn import functional as F

from course_pkg.models import LeNet5
from course_pkg.models.lenet import (
    TABLE_I,
    DistanceFromDrawing,
    PartlyConnectedConv2d,
    ScaledTanh,
    Subsampling,
)


@pytest.mark.parametrize(
    ("variant", "per_layer", "total"),
    [
        # M. Chapel's table of the variant that books print
        ("published", [156, 2_416, 48_120, 10_164, 850], 61_706),
        ("modern", [156, 2_416, 48_120, 10_164, 850], 61_706),
        # LeCun et al. 1998, section II-B, layer by layer
        ("1998", [156, 12, 1_516, 32, 48_120, 10_164], 60_000),
    ],
)
def test_parameters_of_each_layer(layers, variant, per_layer, total):
    assert [row.parameters for row in layers(lambda: LeNet5(variant))] == per_layer
    assert sum(p.numel() for p in LeNet5(variant).parameters()) == sum(per_layer) == total


def test_connections_of_the_paper(layers):
    # a connection is a multiplication or a bias; a subsampling unit has four inputs and a bias
    def connections(row):
        return row.macs + np.prod(row.output_shape) if row.macs else 5 * np.prod(row.output_shape)

    counted = [connections(row) for row in layers(lambda: LeNet5("1998"))]
    assert counted == [122_304, 5_880, 151_600, 2_000, 48_120, 10_164]
    assert sum(counted) + 84 * 10 == 340_908


@pytest.mark.parametrize("variant", ["published", "modern", "1998"])
def test_maps_have_the_sizes_of_figure_2(layers, variant):
    shapes = {
        row.name.removeprefix("layers."): row.output_shape for row in layers(lambda: LeNet5(variant), True)
    }
    assert [shapes[name] for name in ("C1", "S2", "C3", "S4")] == [
        (6, 28, 28),
        (6, 14, 14),
        (16, 10, 10),
        (16, 5, 5),
    ]
    assert [shapes[name] for name in ("C5", "F6", "output")] == [(120,), (84,), (10,)]


def test_published_and_modern_as_functions():
    x = torch.rand(3, 1, 28, 28)
    for variant, squash, pool in [
        ("published", torch.sigmoid, F.avg_pool2d),
        ("modern", F.relu, F.max_pool2d),
    ]:
        net = LeNet5(variant)
        c1, c3, c5, f6, output = (
            (getattr(net.layers, name).weight, getattr(net.layers, name).bias)
            for name in ("C1", "C3", "C5", "F6", "output")
        )
        y = pool(squash(F.conv2d(x, *c1, padding=2)), 2)
        y = pool(squash(F.conv2d(y, *c3)), 2)
        y = F.linear(squash(F.linear(squash(F.linear(y.flatten(1), *c5)), *f6)), *output)
        torch.testing.assert_close(net(x), y)


def test_table_1_of_the_paper():
    assert [len(seen) for seen in TABLE_I] == [3] * 6 + [4] * 9 + [6]
    assert len(set(TABLE_I)) == 16
    assert [sum(into in seen for seen in TABLE_I) for into in range(6)] == [
        10
    ] * 6  # rows of the printed table


def test_a_partly_connected_layer_sums_over_its_table():
    table = [(0, 2), (1,), (0, 1, 2)]
    layer = PartlyConnectedConv2d(table, 3)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(1, 3, 6, 7)
    kernels = iter(layer.weight.detach().numpy())
    for out, seen in enumerate(table):
        expected = layer.bias[out].item() + sum(
            correlate2d(x[0, into].numpy(), next(kernels), mode="valid") for into in seen
        )
        np.testing.assert_allclose(layer(x)[0, out].detach(), expected, atol=1e-5)


def test_subsampling_adds_four_and_scales():
    layer = Subsampling(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, -1.0]).view(2, 1, 1))
        layer.bias.copy_(torch.tensor([0.5, 1.0]).view(2, 1, 1))
    x = torch.arange(16.0).view(1, 1, 4, 4).repeat(1, 2, 1, 1)
    sums = torch.tensor([[10.0, 18.0], [42.0, 50.0]])
    torch.testing.assert_close(layer(x)[0], torch.stack([2 * sums + 0.5, 1 - sums]))


def test_scaled_tanh_is_the_papers():
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    y = ScaledTanh()(x)
    np.testing.assert_allclose(y, 1.7159 * np.tanh(2 * x.numpy() / 3), rtol=1e-12)
    assert abs(ScaledTanh()(torch.tensor(1.0)).item() - 1) < 1e-4


def test_output_is_minus_the_squared_distance_from_ten_different_drawings():
    layer = DistanceFromDrawing()
    assert layer.drawings.shape == (10, 84)
    assert set(layer.drawings.unique().tolist()) == {-1.0, 1.0}
    x = torch.randn(5, 84)
    torch.testing.assert_close(layer(x), -(torch.cdist(x, layer.drawings) ** 2), rtol=1e-4, atol=1e-3)
    apart = torch.cdist(layer.drawings, layer.drawings) + 100 * torch.eye(10)
    assert apart.min() >= 4  # no two drawings differ in fewer than four dots
    assert not list(layer.parameters())


@pytest.mark.parametrize("variant", ["published", "modern", "1998"])
def test_it_learns_to_tell_four_images_apart(variant, stripes):
    torch.manual_seed(0)
    net, x, y = LeNet5(variant), stripes(1, 28), torch.tensor([3, 8, 0, 5])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    for _ in range(400 if variant == "published" else 100):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert net(x).argmax(dim=1).tolist() == y.tolist()


@pytest.mark.parametrize(
    ("variant", "error", "message"),
    [
        ("lenet", ValueError, "variant: got 'lenet', expected one of 'published', 'modern', '1998'"),
        (1998, TypeError, "variant: got int 1998"),
    ],
)
def test_bad_variant(variant, error, message):
    with pytest.raises(error, match=message):
        LeNet5(variant)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (2, 3, 28, 28), (2, 1, 32, 32)])
def test_bad_images(shape):
    with pytest.raises(ValueError, match=r"x: got shape .* expected a batch of images, \(N, 1, 28, 28\)"):
        LeNet5()(torch.zeros(shape))
    with pytest.raises(TypeError, match="x: got an array"):
        LeNet5()(np.zeros((2, 1, 28, 28)))
    with pytest.raises(TypeError, match=r"x: got dtype torch\.uint8, expected a floating-point tensor"):
        LeNet5()(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
