import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.models import GroupConvNet
from course_pkg.models.groupconv import GROUPS, GroupConv2d, LiftingConv2d, act, act_on_maps, compose, places

EVERY = [(group, element) for group, elements in GROUPS.items() for element in elements]

# the elements as matrices that act on (row, column) measured from the middle: rows go down, columns right
TURN, FLIP = np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]])


def matrix(element):
    flips, turns = element
    return np.linalg.matrix_power(TURN, turns) @ np.linalg.matrix_power(FLIP, flips)


def test_act_moves_points_as_the_matrices_do():
    for element in GROUPS["p4m"]:
        image = torch.arange(9).view(3, 3)
        moved = act(element, image)
        for row, column in itertools.product((-1, 0, 1), repeat=2):
            to = matrix(element) @ (row, column)
            assert moved[to[0] + 1, to[1] + 1] == image[row + 1, column + 1]


def test_compose_is_the_product_of_the_matrices():
    for a, b in itertools.product(GROUPS["p4m"], repeat=2):
        assert np.array_equal(matrix(compose(a, b)), matrix(a) @ matrix(b))
        x = torch.randn(2, 4, 4)
        assert torch.equal(act(compose(a, b), x), act(a, act(b, x)))


@pytest.mark.parametrize("group", GROUPS)
def test_each_is_a_group(group):
    elements = GROUPS[group]
    assert len(set(elements)) == len(elements)
    for a in elements:
        assert {compose(a, b) for b in elements} == set(elements)  # closed, and a can be undone
        assert sorted(places(group, a)) == list(range(len(elements)))


def index_of(group):
    return {matrix(element).tobytes(): i for i, element in enumerate(GROUPS[group])}


@pytest.mark.parametrize("group", GROUPS)
def test_lifting_is_the_sum_in_equation_10(group):
    torch.manual_seed(0)
    layer = LiftingConv2d(2, 3, 3, group).double()
    nn.init.normal_(layer.bias)
    x = torch.randn(1, 2, 5, 6, dtype=torch.float64)
    expected = torch.zeros(1, 3, len(GROUPS[group]), 3, 4, dtype=torch.float64)
    for g, element in enumerate(GROUPS[group]):
        back = np.linalg.inv(matrix(element)).round().astype(int)
        for row, column in itertools.product(range(3), range(4)):
            for dy, dx in itertools.product((-1, 0, 1), repeat=2):
                ky, kx = back @ (dy, dx) + 1
                pixel = x[0, :, row + 1 + dy, column + 1 + dx]
                expected[0, :, g, row, column] += layer.weight[:, :, ky, kx] @ pixel
    expected += layer.bias.view(1, 3, 1, 1, 1)
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize("group", GROUPS)
def test_group_convolution_is_the_sum_in_equation_11(group):
    torch.manual_seed(0)
    elements, index = GROUPS[group], index_of(group)
    layer = GroupConv2d(2, 3, 3, group).double()
    x = torch.randn(1, 2, len(elements), 4, 5, dtype=torch.float64)
    expected = torch.zeros(1, 3, len(elements), 2, 3, dtype=torch.float64)
    for g, element in enumerate(elements):
        back = np.linalg.inv(matrix(element)).round().astype(int)
        for h, other in enumerate(elements):
            slot = index[(back @ matrix(other)).tobytes()]
            for row, column in itertools.product(range(2), range(3)):
                for dy, dx in itertools.product((-1, 0, 1), repeat=2):
                    ky, kx = back @ (dy, dx) + 1
                    pixel = x[0, :, h, row + 1 + dy, column + 1 + dx]
                    expected[0, :, g, row, column] += layer.weight[:, :, slot, ky, kx] @ pixel
    torch.testing.assert_close(layer(x), expected)


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


@pytest.mark.parametrize(("group", "element"), EVERY)
@pytest.mark.parametrize("seed", range(3))
def test_layers_follow_the_group(group, element, seed):
    torch.manual_seed(seed)
    lift, conv = LiftingConv2d(2, 4, 3, group), GroupConv2d(4, 3, 4, group)
    x = torch.randn(2, 2, 12, 12)
    once = lift(x)
    assert relative(lift(act(element, x)), act_on_maps(group, element, once)) <= 1e-6
    assert relative(conv(lift(act(element, x))), act_on_maps(group, element, conv(once))) <= 1e-6


@pytest.mark.parametrize("group", ["p4", "p4m"])
@pytest.mark.parametrize("training", [False, True])
def test_the_network_is_equivariant_and_its_scores_invariant(group, training):
    for seed in range(3):
        torch.manual_seed(seed)
        net = GroupConvNet(group=group).train(training)
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm3d):
                layer.momentum = 0.0  # the running means stay as they are set here
                for tensor in (layer.weight, layer.running_var):
                    nn.init.uniform_(tensor, 0.5, 2)
                for tensor in (layer.bias, layer.running_mean):
                    nn.init.normal_(tensor)
            if isinstance(layer, nn.Dropout3d):
                layer.p = 0.0
        x = torch.randn(6, 1, 28, 28)
        with torch.no_grad():
            maps, scores = net.features(x), net(x)
            for element in GROUPS[group]:
                turned = act(element, x)
                assert relative(net.features(turned), act_on_maps(group, element, maps)) <= 1e-5
                assert relative(net(turned), scores) <= 1e-5
            assert scores.std(dim=0).min() > 1e-3  # and not because they ignore the image


def test_a_plain_network_is_not():
    torch.manual_seed(0)
    x = torch.randn(6, 1, 28, 28)
    with torch.no_grad():
        for group, element in [("z2", (0, 1)), ("z2", (1, 0)), ("p4", (1, 0))]:
            net = GroupConvNet(group=group).eval()
            assert relative(net(act(element, x)), net(x)) > 0.1
            assert relative(net(x), net(x.clone())) == 0


@pytest.mark.parametrize("angle_in_degrees", [15, 45])
def test_other_angles_are_not_exact(angle_in_degrees):
    torch.manual_seed(0)
    net, x = GroupConvNet().eval(), F.interpolate(torch.randn(4, 1, 7, 7), size=28, mode="bilinear")
    angle = torch.tensor(angle_in_degrees * torch.pi / 180)
    rotation = torch.stack(
        [torch.cos(angle), -torch.sin(angle), angle * 0, torch.sin(angle), torch.cos(angle), angle * 0]
    )
    turned = F.grid_sample(
        x,
        F.affine_grid(rotation.view(1, 2, 3).repeat(4, 1, 1), list(x.shape), align_corners=False),
        align_corners=False,
    )
    with torch.no_grad():
        assert relative(net(turned), net(x)) > 1e-2


def test_z2_is_an_ordinary_convolution():
    torch.manual_seed(0)
    lift, conv, x = LiftingConv2d(1, 3, 3, "z2"), GroupConv2d(3, 2, 3, "z2"), torch.randn(2, 1, 9, 9)
    y = F.conv2d(x, lift.weight, lift.bias)
    torch.testing.assert_close(lift(x)[:, :, 0], y)
    torch.testing.assert_close(conv(lift(x))[:, :, 0], F.conv2d(y, conv.weight[:, :, 0], conv.bias))


def test_sizes(layers):
    # section 8.1: seven layers of 3×3, 4×4 in the last, a pool behind the second
    rows = [row for row in layers(GroupConvNet) if row.macs]
    assert [row.output_shape[2] for row in rows] == [26, 24, 10, 8, 6, 4, 1]
    assert [row.output_shape[:2] for row in rows] == 6 * [(10, 4)] + [(10, 4)]
    assert [row.parameters for row in rows] == [100, *5 * [10 * 10 * 4 * 9 + 10], 10 * 10 * 4 * 16 + 10]
    counts = {group: sum(p.numel() for p in GroupConvNet(group=group).parameters()) for group in GROUPS}
    assert counts == {"z2": 21_750, "p4": 24_680, "p4m": 26_799}
    small = {group: sum(p.numel() for p in GroupConvNet.small(group=group).parameters()) for group in GROUPS}
    assert small["z2"] > small["p4"] > small["p4m"]  # the plain one has no excuse
    assert small["z2"] < 1.25 * small["p4m"]


@pytest.mark.parametrize("group", GROUPS)
def test_small_learns_to_tell_four_images_apart(group, stripes):
    torch.manual_seed(0)
    # a quarter turn or a mirror makes one pattern of another: tell them by their wave length
    x = torch.cat([stripes(1, 28)[:1], stripes(1, 14)[:1].repeat_interleave(2, 3).repeat_interleave(2, 2)])
    net, y = GroupConvNet.small(num_classes=2, group=group), torch.tensor([0, 1])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(15):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        assert net(x).argmax(dim=1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"group": "p8"}, ValueError, "group: got 'p8', expected one of 'z2', 'p4', 'p4m'"),
        ({"group": 4}, TypeError, "group: got int 4"),
        ({"channels": 0}, ValueError, "channels: got 0"),
        ({"num_classes": "ten"}, TypeError, "num_classes: got str 'ten'"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        GroupConvNet(**arguments)


def test_bad_images():
    with pytest.raises(ValueError, match=r"expected a batch of images, \(N, 1, 28, 28\)"):
        GroupConvNet.small()(torch.zeros(2, 1, 32, 32))
