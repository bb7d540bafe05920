import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.models import UNet
from course_pkg.models.unet import Plan

# "Model implementation: original U-Net in Keras / Tensorflow 2.3" (2020), the printed summary
KERAS = [
    *[(570, 640), (568, 36_928), (282, 73_856), (280, 147_584), (138, 295_168), (136, 590_080)],
    *[(66, 1_180_160), (64, 2_359_808), (30, 4_719_616), (28, 9_438_208)],
    *[(56, 2_097_664), (54, 4_719_104), (52, 2_359_808)],
    *[(104, 524_544), (102, 1_179_904), (100, 590_080)],
    *[(200, 131_200), (198, 295_040), (196, 147_584)],
    *[(392, 32_832), (390, 73_792), (388, 36_928), (388, 130)],
]


def test_sizes_and_parameters_of_each_layer(layers):
    rows = layers(UNet)
    assert [(row.output_shape[1], row.parameters) for row in rows] == KERAS
    assert len(rows) == 23  # "In total the network has 23 convolutional layers"
    assert sum(row.parameters for row in rows) == 31_030_658


def test_figure_1_as_functions():
    torch.manual_seed(0)
    net = UNet(plan=Plan((1, 40, 40), widths=(3, 5), padding=0, batch_norm=False, dropout=0.0))
    x = torch.randn(2, 1, 40, 44)

    def pair(y, layers):
        for layer in (layers[0], layers[2]):
            y = F.relu(F.conv2d(y, layer.weight, layer.bias))
        return y

    left = pair(x, net.encoder[0])  # 36×40
    deep = pair(F.max_pool2d(left, 2), net.encoder[1])  # 14×16
    right = F.conv_transpose2d(deep, net.up[0].weight, net.up[0].bias, stride=2)  # 28×32
    y = pair(torch.cat([left[:, :, 4:-4, 4:-4], right], dim=1), net.decoder[0])
    torch.testing.assert_close(net(x), F.conv2d(y, net.scores.weight, net.scores.bias))


def test_what_is_handed_across_is_in_place():
    # kernels that are their own mirror images: a crop that is off the middle would break the symmetry
    torch.manual_seed(0)
    net = UNet(plan=Plan((1, 60, 60), widths=(3, 4, 5), padding=0, batch_norm=False, dropout=0.0)).double()
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.data += layer.weight.data.flip((2, 3))
    x = torch.randn(2, 1, 60, 76, dtype=torch.float64)
    y = net(x)
    assert y.shape == (2, 2, 20, 36)
    torch.testing.assert_close(net(x.flip((2, 3))), y.flip((2, 3)))


def test_outputs_follow_shifts_by_what_the_pools_skip():
    torch.manual_seed(0)
    net = UNet(plan=Plan((1, 60, 60), widths=(3, 4, 5), padding=0, batch_norm=False, dropout=0.0)).double()
    x = torch.randn(1, 1, 64, 60, dtype=torch.float64)
    torch.testing.assert_close(net(x[:, :, 4:])[:, :, :-4], net(x[:, :, :-4])[:, :, 4:])


def test_details_come_through_the_upper_levels():
    # without the deeper levels (all zeros there) an output still sees the image through what is handed across
    net = UNet.small(classes=2).eval()
    for layer in net.up:
        nn.init.zeros_(layer.weight)
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    net(x)[0, 1, 16, 16].backward()
    seen = x.grad.abs().sum(dim=1)[0] > 0
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    assert rows.min() >= 12
    assert rows.max() <= 20
    assert (columns.min(), columns.max()) == (rows.min(), rows.max())


def test_classifier_shares_the_encoder():
    torch.manual_seed(0)
    net = UNet.small(classes=3)
    classifier = net.classifier(4).eval()
    x = torch.rand(2, 3, 32, 48)
    scores = classifier(x)
    assert scores.shape == (2, 4)
    y = net.eval().encoder[0](x)
    for pair in net.encoder[1:]:
        y = pair(F.max_pool2d(y, 2))
    torch.testing.assert_close(scores, classifier[-1](y.mean(dim=(2, 3))))


def test_small_is_as_large_as_the_small_deconvnet():
    from course_pkg.models import DeconvNet

    ours, theirs = (sum(p.numel() for p in net.small().parameters()) for net in (UNet, DeconvNet))
    assert 0.8 < ours / theirs < 1.25


def test_small_learns_to_outline_a_square():
    torch.manual_seed(0)
    net = UNet.small(classes=2)
    x = 0.3 * torch.rand(4, 3, 32, 32)
    truth = torch.zeros(4, 32, 32, dtype=torch.long)
    for i, (top, left) in enumerate([(2, 3), (15, 4), (5, 17), (14, 15)]):
        truth[i, top : top + 11, left : left + 13] = 1
    x += truth[:, None] * 0.7
    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    for _ in range(30):
        optimizer.zero_grad()
        F.cross_entropy(net(x), truth).backward()
        optimizer.step()
    right = (net(x).argmax(dim=1) == truth).float().mean()
    assert right > 0.97


@pytest.mark.parametrize("side", [570, 571, 180, 186, 4, 0])
def test_sides_that_a_pool_cannot_halve(side):
    with torch.device("meta"), pytest.raises(ValueError, match=r"x: got shape .*, expected"):
        UNet()(torch.zeros(1, 1, side, 572))


@pytest.mark.parametrize("side", [188, 204, 572])
def test_sides_that_fit(side):
    with torch.device("meta"):
        assert UNet()(torch.zeros(1, 1, side, 572)).shape == (1, 2, side - 184, 388)


def test_bad_arguments():
    with pytest.raises(TypeError, match="classes: got str 'cells'"):
        UNet("cells")
    with pytest.raises(ValueError, match=r"x: got shape \(2, 3, 32, 36\), expected sides that every pool"):
        UNet.small()(torch.zeros(2, 3, 32, 36))
    with pytest.raises(ValueError, match=r"expected a batch of images, \(N, 3, H, W\)"):
        UNet.small()(torch.zeros(2, 1, 32, 32))
