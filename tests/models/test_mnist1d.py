import numpy as np
import pytest
import torch
from torch import nn

from course_pkg.models import MNIST1DConvNet, MNIST1DFullyConnected


def shapes(net):
    x, seen = torch.zeros(2, 40), []
    hooks = [
        layer.register_forward_hook(lambda _, __, y: seen.append(tuple(y.shape[1:]))) for layer in net.layers
    ]
    net(x)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize(
    ("build", "per_layer", "total"),
    [
        (MNIST1DConvNet, [45 + 15, 675 + 15, 675 + 15, 600 + 10], 2_050),
        (MNIST1DFullyConnected, [11_400 + 285, 38_475 + 135, 8_100 + 60, 600 + 10], 59_065),
    ],
)
def test_parameter_counts(build, per_layer, total):
    counts = [sum(p.numel() for p in layer.parameters()) for layer in build().layers]
    assert [count for count in counts if count] == per_layer
    assert sum(per_layer) == total


def test_shapes_through_the_convnet():
    first, _, second, _, third, _, features, scores = shapes(MNIST1DConvNet())
    assert (first, second, third, features, scores) == ((15, 19), (15, 9), (15, 4), (60,), (10,))


def test_shapes_through_the_fully_connected_net():
    assert shapes(MNIST1DFullyConnected())[::2] == [(285,), (135,), (60,), (10,)]


@pytest.mark.parametrize("build", [MNIST1DConvNet, MNIST1DFullyConnected])
def test_starts_with_he_weights_and_zero_biases(build):
    torch.manual_seed(0)
    nets = [build() for _ in range(40)]
    for layer in range(len(nets[0].layers)):
        if isinstance(nets[0].layers[layer], nn.Conv1d | nn.Linear):
            weight = torch.stack([net.layers[layer].weight for net in nets])
            fan_in = weight[0, 0].numel()
            assert abs(weight.var().item() * fan_in / 2 - 1) < 0.15
            assert not any(net.layers[layer].bias.any() for net in nets)


@pytest.mark.parametrize("build", [MNIST1DConvNet, MNIST1DFullyConnected])
@pytest.mark.parametrize("shape", [(40,), (2, 39), (2, 1, 40), (0, 41)])
def test_bad_shape(build, shape):
    with pytest.raises(ValueError, match=r"x: got shape .* expected a batch of signals, \(N, 40\)"):
        build()(torch.zeros(shape))


@pytest.mark.parametrize("build", [MNIST1DConvNet, MNIST1DFullyConnected])
def test_bad_type(build):
    with pytest.raises(TypeError, match="x: got an array of shape"):
        build()(np.zeros((2, 40)))
