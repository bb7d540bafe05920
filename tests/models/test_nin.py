import pytest
import torch
from torch.nn import functional as F

from course_pkg.models import NiN
from course_pkg.models.nin import block


def test_parameters_of_each_layer(layers):
    convolutions = [(3, 192, 5), (192, 160, 1), (160, 96, 1)]
    convolutions += [(96, 192, 5), (192, 192, 1), (192, 192, 1)]
    convolutions += [(192, 192, 3), (192, 192, 1), (192, 10, 1)]
    per_layer = [into * out * kernel**2 + out for into, out, kernel in convolutions]
    rows = layers(NiN)
    assert [row.parameters for row in rows] == per_layer
    assert sum(per_layer) == 966_986  # pytorchcv, list of models for CIFAR-10
    assert [row.output_shape[1:] for row in rows] == 3 * [(32, 32)] + 3 * [(16, 16)] + 3 * [(8, 8)]


def test_a_block_is_a_small_network_at_every_position():
    torch.manual_seed(0)
    net = torch.nn.Sequential(*block(2, kernel=3, maps=(5, 4, 3)))
    x = torch.randn(1, 2, 6, 7)
    y = net(x)
    patch = x[0, :, 2:5, 3:6].flatten()  # what the filters see at (3, 4)
    for layer in (net[0], net[2], net[4]):
        patch = F.relu(F.linear(patch, layer.weight.flatten(1), layer.bias))
    torch.testing.assert_close(y[0, :, 3, 4], patch)


def test_a_score_is_the_mean_of_a_map():
    net, x = NiN().eval(), torch.rand(2, 3, 32, 32)
    maps = net.layers[:-2](x)
    assert maps.shape == (2, 10, 8, 8)
    torch.testing.assert_close(net(x), maps.mean(dim=(2, 3)))


def test_bad_arguments():
    with pytest.raises(ValueError, match="num_classes: got 0"):
        NiN(0)
    with (
        torch.device("meta"),
        pytest.raises(ValueError, match=r"expected a batch of images, \(N, 3, 32, 32\)"),
    ):
        NiN()(torch.zeros(2, 3, 64, 64))
