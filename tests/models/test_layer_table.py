"""The layer table of networks that are no chains, or have layers of their own."""

import pytest
import torch
from torch import nn

from course_pkg import models
from course_pkg.arithmetic import layer_table

SMALL = {
    "LeNet5": lambda: models.LeNet5("1998"),
    "AlexNet": models.AlexNet.small,
    "VGG": models.VGG.small,
    "NiN": models.NiN,
    "YOLO": models.YOLO.small,
    "DeconvNet": models.DeconvNet.small,
    "UNet": models.UNet.small,
    "GroupConvNet": models.GroupConvNet,
}


class Branches(nn.Module):
    """A 3×3 and a 1×1 convolution side by side, then a 5×5 one over both."""

    def __init__(self):
        super().__init__()
        self.wide, self.narrow = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(1, 2, 1)
        self.both = nn.Conv2d(4, 1, 5)

    def forward(self, x):
        return self.both(torch.cat([self.narrow(x), torch.relu(self.wide(x))], dim=1))


class Skip(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x):
        return x + self.conv(self.conv(x))


def test_branches_meet():
    table = layer_table(Branches(), (1, 8, 8))
    assert [(row.name, row.receptive_field) for row in table] == [("narrow", 1), ("wide", 3), ("both", 7)]


def test_a_skip_connection_sees_no_less():
    table = layer_table(nn.Sequential(Skip(), nn.MaxPool2d(2), Skip()), (1, 8, 8))
    assert [row.receptive_field for row in table] == [3, 5, 6, 10, 14]


def test_a_branch_that_sees_everything_wins():
    class Gate(nn.Module):
        def __init__(self):
            super().__init__()
            self.pool, self.conv = nn.AdaptiveAvgPool2d(1), nn.Conv2d(2, 2, 3)

        def forward(self, x):
            return self.conv(x * self.pool(x))

    assert [row.receptive_field for row in layer_table(Gate(), (2, 8, 8))] == [None, None]


@pytest.mark.parametrize("name", SMALL)
def test_receptive_field_is_where_the_gradient_reaches(name):
    torch.manual_seed(0)
    net = SMALL[name]().double().eval()
    for layer in net.modules():  # a mean sees what a maximum can see
        for child, module in layer.named_children():
            if isinstance(module, nn.MaxPool2d) and not module.return_indices:
                setattr(
                    layer, child, nn.AvgPool2d(module.kernel_size, module.stride, ceil_mode=module.ceil_mode)
                )
            elif isinstance(module, nn.MaxPool3d):
                setattr(layer, child, nn.AvgPool3d(module.kernel_size, module.stride))
            elif isinstance(module, nn.ReLU):
                setattr(layer, child, nn.Softplus())
            elif isinstance(module, nn.LocalResponseNorm):
                setattr(layer, child, nn.Identity())
    table = layer_table(net, net.input_size)
    rows = [row for row in table if row.macs and isinstance(row.receptive_field, int)]
    assert rows

    x = torch.rand(1, *net.input_size, dtype=torch.float64, requires_grad=True)
    outputs = {}
    modules = dict(net.named_modules())
    for row in rows:
        modules[row.name].register_forward_hook(lambda _, __, y, name=row.name: outputs.update({name: y}))
    net(x)
    side = net.input_size[1]
    for row in rows:
        y = outputs[row.name]
        middle = y[(0, slice(None), *(slice(n // 2, n // 2 + 1) for n in y.shape[2:]))]
        if y.ndim == 5:
            middle = y[0, :, :, y.shape[3] // 2, y.shape[4] // 2]
        (grad,) = torch.autograd.grad(middle.sum(), x, retain_graph=True)
        reached = (grad.abs().amax(dim=(0, 1, 2)) > 0).nonzero()
        seen = int(reached.max() - reached.min()) + 1
        at_border = reached.min() == 0 or reached.max() == side - 1
        assert seen == row.receptive_field or (at_border and seen < row.receptive_field), row.name


@pytest.mark.parametrize("name", SMALL)
def test_parameters_and_output_shape(name):
    net = SMALL[name]()
    table = layer_table(net, net.input_size)
    assert sum(row.parameters for row in table) == sum(p.numel() for p in net.parameters())
    assert table[-1].output_shape[-1] > 0


def test_own_layers_say_what_they_multiply():
    table = layer_table(models.GroupConvNet(channels=3), (1, 28, 28))
    lifting, group = [row for row in table if row.macs][:2]
    # each of 4 turned kernels at every position; a group convolution sums over 4 maps a channel as well
    assert lifting.macs == 4 * 26 * 26 * (3 * 9)
    assert group.macs == 4 * 24 * 24 * (3 * 3 * 4 * 9)


def test_it_leaves_no_trace():
    net = models.UNet.small()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    layer_table(net, net.input_size)
    assert net.training
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert not any(layer._forward_hooks for layer in net.modules())
    assert not any(hasattr(p, "sight") for p in net.parameters())
