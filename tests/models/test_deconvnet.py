import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.models import VGG, DeconvNet

# the paper's table of the configuration: (maps, side) of every layer with weights
ENCODER = [*2 * [(64, 224)], *2 * [(128, 112)], *3 * [(256, 56)], *3 * [(512, 28)], *3 * [(512, 14)]]
MIDDLE = [(4096, 1), (4096, 1), (512, 7)]
DECODER = [
    *3 * [(512, 14)],
    *[(512, 28), (512, 28), (256, 28)],
    *[(256, 56), (256, 56), (128, 56)],
    *[(128, 112), (64, 112)],
    *[(64, 224), (64, 224)],
]


def test_layers_of_the_configuration(layers):
    rows = [row for row in layers(DeconvNet) if row.kind != "BatchNorm2d"]
    assert [row.output_shape[:2] for row in rows] == [*ENCODER, *MIDDLE, *DECODER, (21, 224)]
    assert [row.kind for row in rows] == 15 * ["Conv2d"] + 14 * ["ConvTranspose2d"] + ["Conv2d"]


def test_counts(layers):
    rows = layers(DeconvNet)
    assert round(sum(row.parameters for row in rows) / 1e6) == 252  # "approximately 252M parameters in total"
    weights = [(3, 64, 3), (64, 64, 3), (64, 128, 3), (128, 128, 3), (128, 256, 3), *2 * [(256, 256, 3)]]
    weights += [(256, 512, 3), *5 * [(512, 512, 3)], (512, 4096, 7), (4096, 4096, 1), (4096, 512, 7)]
    weights += [*5 * [(512, 512, 3)], (512, 256, 3), *2 * [(256, 256, 3)], (256, 128, 3)]
    weights += [(128, 128, 3), (128, 64, 3), *2 * [(64, 64, 3)]]
    # kernels, a bias a map, and the scale and shift of batch normalisation
    expected = sum(into * out * kernel**2 + 3 * out for into, out, kernel in weights) + 64 * 21 + 21
    assert sum(row.parameters for row in rows) == expected == 251_805_653


def test_encoder_is_vgg_16():
    with torch.device("meta"):
        ours, vgg = DeconvNet().encoder, VGG(16).features
    shapes = [
        [tuple(layer.weight.shape) for layer in net.modules() if isinstance(layer, nn.Conv2d)]
        for net in (ours, vgg)
    ]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) == 13


def test_small_as_functions():
    torch.manual_seed(0)
    net, x = DeconvNet.small(classes=5).eval(), torch.randn(2, 3, 32, 48)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)

    y, switches = x, []
    for stage in net.encoder:
        y, where = F.max_pool2d(stage(y), 2, return_indices=True)
        switches.append(where)
    y = net.middle(y)
    for stage, where in zip(net.decoder, reversed(switches), strict=True):
        y = stage(F.max_unpool2d(y, where, 2))
    torch.testing.assert_close(net(x), net.scores(y))
    assert net(x).shape == (2, 5, 32, 48)


def test_classifier_is_vgg_16_with_batch_normalisation():
    with torch.device("meta"):
        classifier = DeconvNet().classifier()
        assert classifier(torch.zeros(2, 3, 224, 224)).shape == (2, 1000)
    maps = sum(maps for maps, _ in ENCODER) + 2 * 4096  # each has a scale and a shift
    assert sum(p.numel() for p in classifier.parameters()) == 138_357_544 + 2 * maps


def test_classifier_shares_encoder_fc6_and_fc7():
    torch.manual_seed(0)
    net = DeconvNet.small(classes=3)
    classifier = net.classifier(4)
    assert classifier(torch.rand(2, 3, 32, 32)).shape == (2, 4)
    classifier(torch.rand(2, 3, 32, 32)).logsumexp(dim=1).sum().backward()
    shared = [*net.encoder.parameters(), *net.middle[:6].parameters()]
    assert all(p.grad is not None for p in shared)
    assert sum(p.grad is not None for p in net.parameters()) == len(shared)


def test_unpooling_puts_values_where_the_maxima_were():
    net = DeconvNet.small()
    x = torch.rand(1, 16, 8, 8)
    pooled, where = net.pool(x)
    back = net.unpool(pooled, where)
    assert torch.equal(back[back > 0].sort().values, pooled.flatten().sort().values)
    assert torch.equal(back[back > 0], x[back > 0])


def test_layers_are_followed_by_normalisation_and_relu():
    for part in (*DeconvNet.small().encoder, DeconvNet.small().middle, *DeconvNet.small().decoder):
        kinds = [type(layer).__name__ for layer in part]
        assert kinds[1::3] == ["BatchNorm2d"] * (len(kinds) // 3)
        assert kinds[2::3] == ["ReLU"] * (len(kinds) // 3)


def test_small_learns_to_outline_a_square():
    torch.manual_seed(0)
    net = DeconvNet.small(classes=2)
    x = 0.3 * torch.rand(4, 3, 32, 32)
    truth = torch.zeros(4, 32, 32, dtype=torch.long)
    for i, (top, left) in enumerate([(2, 3), (15, 4), (5, 17), (14, 15)]):
        truth[i, top : top + 11, left : left + 13] = 1
    x += truth[:, None] * 0.7
    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    for _ in range(40):
        optimizer.zero_grad()
        F.cross_entropy(net(x), truth).backward()
        optimizer.step()
    right = (net(x).argmax(dim=1) == truth).float().mean()
    assert right > 0.97  # the background alone is 0.86


@pytest.mark.parametrize("shape", [(1, 3, 30, 32), (1, 3, 32, 4), (1, 3, 0, 32)])
def test_sides_that_cannot_be_pooled(shape):
    with pytest.raises(ValueError, match=r"x: got shape .* expected sides of at least 24 that 8 divides"):
        DeconvNet.small()(torch.zeros(shape))


def test_bad_arguments():
    with pytest.raises(ValueError, match="classes: got 0"):
        DeconvNet.small(classes=0)
    with pytest.raises(ValueError, match=r"expected a batch of images, \(N, 3, H, W\)"):
        DeconvNet.small()(torch.zeros(1, 1, 32, 32))
    with torch.device("meta"):
        net = DeconvNet()
        assert net(torch.zeros(1, 3, 224, 256)).shape == (1, 21, 224, 256)
        with pytest.raises(ValueError, match="expected sides of at least 224 that 32 divides"):
            net(torch.zeros(1, 3, 192, 224))
