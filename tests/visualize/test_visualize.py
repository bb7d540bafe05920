"""Each way of looking into a network, against a computation of another kind or an answer known beforehand."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
import torch
from skimage.transform import resize
from torch import nn
from torch.nn import functional as F

from course_pkg import visualize
from course_pkg.arithmetic import receptive_field
from course_pkg.data.scenes import VOID, digit_scenes
from course_pkg.models import LeNet5
from course_pkg.visualize import (
    Unit,
    concept_masks,
    dissect,
    feature_maps,
    invert,
    maximise,
    occlusion_map,
    reconstruct,
    total_variation,
    unit_values,
    upsample,
)


def images(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def lenet():
    torch.manual_seed(3)
    return LeNet5("modern")


def linear_image(weights):
    """A network whose only number is the sum of the pixels, weighted (C, H, W)."""
    layer = nn.Linear(weights.numel(), 1, bias=False)
    layer.weight.data[0] = weights.flatten()
    return nn.Sequential(nn.Flatten(), layer)


# --- units


def test_maps_are_what_the_layers_give_one_after_the_other(lenet):
    x = images(5, 1, 28, 28)
    maps = feature_maps(lenet, x, ["layers.C1_out", "layers.S4", "layers.output"])
    for name, until in {"layers.C1_out": 2, "layers.S4": 6, "layers.output": 12}.items():
        torch.testing.assert_close(maps[name], lenet.layers[:until](x))
        assert not maps[name].requires_grad


def test_a_network_is_left_in_the_modes_that_it_was_in(lenet):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5)).train()
    net[1].eval()
    first, second = (feature_maps(net, images(2, 1, 8, 8), "2")["2"] for _ in range(2))
    assert torch.equal(first, second)  # dropout was off
    assert [module.training for module in net] == [True, False, True]
    assert not any(module._forward_hooks for module in net.modules())


def test_a_later_layer_that_works_in_place_does_not_change_what_was_read():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Identity())
    maps = feature_maps(net, images(1, 1, 5, 5), "0")["0"]
    maps.zero_()
    assert feature_maps(net, images(1, 1, 5, 5), "0")["0"].any()


def test_a_unit_is_a_position_or_the_mean_of_a_map(lenet):
    x = images(4, 1, 28, 28)
    y = lenet.layers[:4](x)
    torch.testing.assert_close(unit_values(lenet, x, Unit("layers.C3", 7, (2, 9))), y[:, 7, 2, 9])
    torch.testing.assert_close(unit_values(lenet, x, Unit("layers.C3", 7)), y[:, 7].mean(dim=(1, 2)))
    torch.testing.assert_close(unit_values(lenet, x, Unit("layers.output", 3)), lenet(x)[:, 3])


# --- maximisation


def test_the_image_that_a_linear_unit_likes_best_is_its_weights():
    w = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(1))
    found = maximise(linear_image(w), Unit("1", 0), (2, 4, 3), count=3, steps=600, energy=0.5, bounds=None)
    torch.testing.assert_close(found.images, (2 * w).expand(3, -1, -1, -1), atol=5e-3, rtol=0)
    torch.testing.assert_close(found.values, (2 * w.square().sum()).expand(3), atol=1e-2, rtol=1e-3)


def test_within_bounds_it_is_white_where_weights_are_positive_and_black_elsewhere():
    w = torch.randn(1, 5, 5, generator=torch.Generator().manual_seed(2))
    found = maximise(linear_image(w), Unit("1", 0), (1, 5, 5), steps=100)
    torch.testing.assert_close(found.images[0], (w > 0).float(), atol=0, rtol=0)


def test_variation_solves_the_linear_equations_of_a_smooth_image():
    # w - energy x - 2 variation L x = 0, L the Laplacian of the grid: solved directly
    w = torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(4))
    beside = torch.diag(torch.ones(3), 1)
    path = torch.diag(torch.tensor([1.0, 2, 2, 1])) - beside - beside.T
    laplacian = torch.kron(path, torch.eye(4)) + torch.kron(torch.eye(4), path)
    wanted = torch.linalg.solve(torch.eye(16) + 2 * 0.7 * laplacian, w.flatten()).view(1, 1, 4, 4)
    unit = Unit("1", 0)
    found = maximise(
        linear_image(w),
        unit,
        (1, 4, 4),
        energy=1.0,
        variation=0.7,
        steps=1500,
        learning_rate=0.01,
        bounds=None,
    )
    torch.testing.assert_close(found.images, wanted, atol=5e-3, rtol=0)


def test_total_variation_is_that_of_numpy_and_does_not_wrap_around():
    x = images(3, 2, 5, 4)
    wanted = [sum((np.diff(image, axis=axis) ** 2).sum() for axis in (1, 2)) for image in x.numpy()]
    np.testing.assert_allclose(total_variation(x), wanted, rtol=1e-5)


def test_the_same_seed_gives_the_same_images_and_the_network_keeps_no_gradient(lenet):
    settings = {"steps": 5, "jitter": 2, "count": 2}
    one, two, other = (
        maximise(lenet, Unit("layers.C3", 1), (1, 28, 28), **settings, seed=seed).images for seed in (7, 7, 8)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert not torch.equal(one[0], one[1])
    assert all(p.grad is None and p.requires_grad for p in lenet.parameters())


# --- the way back


def by_hand(net, x, channel, row, column):
    """The deconvnet of conv, ReLU, pool, conv, written with unpooling and transposed convolutions."""
    first, _, _, second = net
    y = first(x).relu()
    pooled, switches = F.max_pool2d(y, 2, return_indices=True)
    kept = torch.zeros_like(second(pooled))
    kept[:, channel, row, column] = second(pooled)[:, channel, row, column]
    back = F.conv_transpose2d(kept, second.weight, padding=second.padding)
    back = F.max_unpool2d(back, switches, 2, output_size=y.shape[2:]).relu()
    return F.conv_transpose2d(back, first.weight, padding=first.padding)


@torch.no_grad()
def test_the_deconvnet_is_unpooling_and_transposed_convolution():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3))
    x = images(6, 3, 12, 10)
    for channel, row, column in [(0, 0, 0), (4, 3, 2), (2, 1, 1)]:
        back = reconstruct(net, x, Unit("3", channel, (row, column)))
        torch.testing.assert_close(back, by_hand(net, x, channel, row, column))
        assert back.any()


def test_without_relu_the_deconvnet_is_the_gradient_times_the_value():
    torch.manual_seed(1)
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.MaxPool2d(3, 2), nn.Conv2d(4, 3, 3, padding=1)).double()
    x = images(4, 2, 15, 15).double().requires_grad_()
    value = net(x)[:, 1, 2, 3]
    (gradient,) = torch.autograd.grad(value.sum(), x)
    for rule in ("deconvnet", "gradient", "guided"):
        back = reconstruct(net, x, Unit("2", 1, (2, 3)), rule=rule)
        torch.testing.assert_close(back, gradient * value.detach().view(-1, 1, 1, 1))


def test_the_rule_gradient_is_autograds_through_the_whole_of_lenet(lenet):
    x = images(5, 1, 28, 28).requires_grad_()
    value = lenet(x)[:, 6]
    (gradient,) = torch.autograd.grad(value.sum(), x)
    back = reconstruct(lenet.layers, x, Unit("output", 6), rule="gradient")
    torch.testing.assert_close(back, gradient * value.detach().view(-1, 1, 1, 1))
    others = [reconstruct(lenet.layers, x, Unit("output", 6), rule=rule) for rule in ("deconvnet", "guided")]
    assert not torch.allclose(others[0], back)
    assert not torch.allclose(others[0], others[1])


def test_without_a_position_the_most_active_one_of_each_image_is_kept(lenet):
    x = images(6, 1, 28, 28)
    back = reconstruct(lenet.layers, x, Unit("C3_out", 9))
    maps = lenet.layers[:5](x)[:, 9]
    for i, each in enumerate(maps):
        place = divmod(int(each.argmax()), each.shape[1])
        one = reconstruct(lenet.layers, x[i : i + 1], Unit("C3_out", 9, place))
        torch.testing.assert_close(back[i : i + 1], one)


def test_a_reconstruction_lies_inside_the_receptive_field(lenet):
    (size, jump, _) = receptive_field([(5, 1), (2, 2), (5, 1)])[-1]
    back = reconstruct(lenet.layers, images(1, 1, 28, 28), Unit("C3", 3, (4, 5)))[0, 0]
    rows, columns = (torch.nonzero(back)[:, axis] for axis in (0, 1))
    for places, at in ((rows, 4), (columns, 5)):
        first = jump * at - 2  # the first layer pads by two
        assert first <= places.min()
        assert places.max() < first + size


# --- inversion


def test_an_invertible_layer_gives_the_image_back():
    torch.manual_seed(5)
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU())
    x = images(2, 1, 7, 7)
    found = invert(net, "0", x, steps=500)
    torch.testing.assert_close(found.images, x, atol=0.02, rtol=0)
    assert found.errors.max() < 0.01


def test_what_a_layer_does_not_see_stays_as_noise_and_a_prior_smooths_it():
    net = nn.Sequential(nn.Conv2d(1, 1, 1, stride=2, bias=False))  # sees every fourth pixel
    x = images(1, 1, 8, 8) / 2 + 0.25
    seen = torch.zeros(8, 8, dtype=torch.bool)
    seen[::2, ::2] = True
    rough, smooth = (invert(net, "0", x, steps=600, variation=cost).images[0, 0] for cost in (0.0, 1e-3))
    torch.testing.assert_close(rough[seen], x[0, 0][seen], atol=0.02, rtol=0)
    assert (rough - x[0, 0])[~seen].abs().mean() > 0.1
    assert total_variation(smooth[None, None]) < total_variation(rough[None, None]) / 2


def test_the_error_is_the_relative_distance_of_the_layers_values(lenet):
    x = images(3, 1, 28, 28)
    found = invert(lenet, "layers.S4", x, steps=3)
    there, wanted = (lenet.layers[:6](each).flatten(1) for each in (found.images, x))
    torch.testing.assert_close(found.errors, ((there - wanted).norm(dim=1) / wanted.norm(dim=1)).detach())


# --- occlusion


@pytest.mark.parametrize(("window", "stride", "fill"), [(3, 1, 0.0), (2, 3, 0.5), (5, 2, 1.0)])
def test_covering_pixels_of_a_linear_network_takes_their_part_of_the_sum(window, stride, fill):
    w = torch.randn(2, 9, 7, generator=torch.Generator().manual_seed(6))
    x = images(1, 2, 9, 7)
    share = (w * (x[0] - fill)).sum(dim=0)
    wanted = F.avg_pool2d(share[None, None], window, stride, divisor_override=1)[0, 0]
    got = occlusion_map(linear_image(w), x, 0, window=window, stride=stride, fill=fill)
    torch.testing.assert_close(got, wanted, atol=1e-4, rtol=0)


@torch.no_grad()
def test_occlusion_by_brute_force_of_a_class_and_of_a_unit(lenet):
    x = images(1, 1, 28, 28)
    before = x.clone()
    watched = [
        (8, lambda y: lenet(y)[0, 8]),
        (Unit("layers.C3", 2, (1, 1)), lambda y: lenet.layers[:4](y)[0, 2, 1, 1]),
    ]
    for unit, value in watched:
        got = occlusion_map(lenet, x, unit, window=9, stride=6, fill=0.2)
        assert got.shape == (4, 4)
        for m, n in np.ndindex(4, 4):
            covered = x.clone()
            covered[..., 6 * m : 6 * m + 9, 6 * n : 6 * n + 9] = 0.2
            torch.testing.assert_close(got[m, n], value(x) - value(covered), atol=1e-5, rtol=0)
    assert torch.equal(x, before)


# --- dissection


def planted():
    """Scenes, and as maps the masks of classes 3 and 7 themselves, and noise."""
    masks = torch.from_numpy(digit_scenes("test", 32).batch(range(60)).masks)
    concepts, counts = concept_masks(masks, 10)
    noise = torch.randn(len(masks), 1, 32, 32, generator=torch.Generator().manual_seed(0))
    return torch.cat([concepts[:, [3, 7]].float(), noise], dim=1), concepts, counts


def test_a_planted_unit_has_an_iou_of_1_with_its_concept_and_0_with_the_others():
    maps, concepts, counts = planted()
    for unit, concept in enumerate((3, 7)):
        share = concepts[:, concept].float().mean().item()
        found = dissect(maps, concepts, quantile=1 - share, counts=counts)
        assert found.iou[unit, concept] == pytest.approx(1)
        assert found.marked[unit] == pytest.approx(share)
        assert found.covered[concept] == pytest.approx(share)
        assert (found.iou[unit] > 0).sum() == 1


def test_dissection_by_sets_of_pixels():
    maps, concepts, counts = planted()
    maps = maps + 0.01 * torch.randn(maps.shape, generator=torch.Generator().manual_seed(1))
    counts = counts.clone()
    counts[:, :5] = False
    found = dissect(maps, concepts, quantile=0.97, counts=counts)
    for unit in range(3):
        values = maps[:, unit][counts].numpy()
        marked = set(np.flatnonzero(values > np.quantile(values, 0.97, method="inverted_cdf")))
        for concept in range(10):
            there = set(torch.nonzero(concepts[:, concept][counts]).flatten().tolist())
            wanted = len(marked & there) / len(marked | there)
            assert found.iou[unit, concept].item() == pytest.approx(wanted, abs=1e-6)
    torch.testing.assert_close(found.marked, torch.full((3,), 0.03), atol=1e-3, rtol=0)


def test_the_papers_threshold_bounds_the_iou():
    maps, concepts, counts = planted()
    found = dissect(maps + torch.rand(maps.shape), concepts, counts=counts)
    marked = found.marked[:, None]
    bound = torch.minimum(marked, found.covered) / torch.maximum(marked, found.covered)
    assert (found.iou <= bound + 1e-6).all()
    assert found.marked[2] == pytest.approx(0.005, abs=5e-4)


def test_a_concept_that_is_nowhere_has_an_iou_of_0():
    maps = images(2, 3, 4, 4)
    nowhere = torch.zeros(2, 1, 8, 8, dtype=torch.bool)
    assert dissect(maps, nowhere, quantile=0.9).iou.tolist() == [[0.0]] * 3


def test_enlarging_is_skimages_resize_and_puts_values_at_the_centres_of_what_units_see():
    maps = images(1, 1, 5, 7)
    wanted = resize(maps[0, 0].numpy(), (20, 21), order=1, mode="edge", anti_aliasing=False)
    np.testing.assert_allclose(upsample(maps, (20, 21))[0, 0], wanted, atol=1e-5)
    _, jump, start = receptive_field([(5, 1), (2, 2), (5, 1)])[-1]
    centres = start + jump * torch.arange(8.0)  # a map whose values are where its units are
    placed = upsample(centres.expand(1, 1, 8, 8), (28, 28), start=start, jump=jump)[0, 0, 0]
    wanted = torch.arange(28.0).clamp(centres[0], centres[-1])
    torch.testing.assert_close(placed, wanted, atol=1e-4, rtol=0)


def test_masks_of_scenes_become_one_mask_a_class_and_void_does_not_count():
    masks = torch.tensor([[[0, 3, VOID], [1, 1, 0]]], dtype=torch.uint8)
    concepts, counts = concept_masks(masks, 3)
    assert concepts.shape == (1, 3, 2, 3)
    assert torch.nonzero(concepts[0]).tolist() == [[0, 1, 0], [0, 1, 1], [2, 0, 1]]
    assert counts.sum() == 5


# --- the door


NET = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sigmoid(), nn.Flatten())
X = torch.zeros(1, 1, 6, 6)
FOUR = torch.zeros(1, 2, 3, 3)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: feature_maps(NET, X, "conv"), ValueError, "layers: got 'conv', expected one of '0', '1'"),
        (lambda: feature_maps(NET, X.numpy(), "0"), TypeError, "x: got an array"),
        (lambda: unit_values(NET, X, Unit("0", 2)), ValueError, "channel 2 of '0', which gives"),
        (lambda: unit_values(NET, X, Unit("0", -1)), ValueError, "unit.channel: got -1"),
        (lambda: unit_values(NET, X, Unit("0", 1, (4, 0))), ValueError, r"position \(4, 0\)"),
        (lambda: maximise(NET, Unit("0", 0), (6, 6)), ValueError, "shape: got"),
        (lambda: maximise(NET, Unit("0", 0), (1, 6, 6), energy=-1), ValueError, "energy: got -1"),
        (lambda: maximise(NET, Unit("0", 0), (1, 6, 6), steps=0), ValueError, "steps: got 0"),
        (lambda: maximise(NET, Unit("0", 0), (1, 6, 6), bounds=(1, 0)), ValueError, "bounds: got"),
        (lambda: total_variation(X[0]), ValueError, "x: got shape"),
        (lambda: invert(NET, "0", X, variation=-1), ValueError, "variation: got -1"),
        (lambda: invert(nn.Sequential(nn.ReLU()), "0", X), ValueError, "gives only zeros"),
        (lambda: reconstruct(NET, X, Unit("2", 0)), TypeError, "got Sigmoid as '1'"),
        (lambda: reconstruct(NET, X, Unit("3", 0)), ValueError, "unit.layer: got '3'"),
        (lambda: reconstruct(NET, X, Unit("0", 0), rule="relu"), ValueError, "rule: got 'relu'"),
        (lambda: reconstruct(LeNet5(), X, Unit("C1", 0)), TypeError, "layers: got LeNet5"),
        (lambda: occlusion_map(NET, X, 0, window=7), ValueError, "window: got 7, expected at most 6"),
        (lambda: occlusion_map(NET, X.repeat(2, 1, 1, 1), 0), ValueError, "x: got 2 images"),
        (lambda: occlusion_map(NET, X, 99), ValueError, "channel 99 of 'the answer'"),
        (lambda: dissect(FOUR, FOUR), TypeError, "concepts: got dtype torch.float32"),
        (lambda: dissect(FOUR, FOUR.repeat(2, 1, 1, 1) > 0), ValueError, "concepts: got 2 images"),
        (lambda: dissect(FOUR, FOUR > 0, quantile=1), ValueError, "quantile: got 1"),
        (lambda: dissect(FOUR, FOUR > 0, counts=FOUR[:, 0] > 0), ValueError, "counts: got shape"),
        (lambda: upsample(FOUR, (6, 6), start=1), ValueError, "expected both or none"),
        (lambda: concept_masks(torch.zeros(3, 3), 2), ValueError, "masks: got shape"),
        (lambda: concept_masks(torch.full((1, 2, 2), 4), 2), ValueError, "masks: got the class 3"),
    ],
)
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_layer_that_is_used_twice_is_refused():
    relu = nn.ReLU()
    with pytest.raises(ValueError, match="uses 2 times"):
        feature_maps(nn.Sequential(nn.Conv2d(1, 1, 3), relu, nn.Conv2d(1, 1, 3), relu), X, "1")


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(visualize.__path__)])
def test_docstring_examples(name):
    failed, tried = doctest.testmod(importlib.import_module(f"course_pkg.visualize.{name}"))
    assert tried
    assert not failed
