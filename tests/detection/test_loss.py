import math

import numpy as np
import pytest
import torch

from course_pkg.detection import (
    LossTerms,
    decode_predictions,
    encode_targets,
    mean_average_precision,
    yolo_loss,
    yolo_loss_terms,
)
from course_pkg.detection.loss import root
from course_pkg.models import YOLO

BOXES, CLASSES, GRID = 2, 3, 3


def targets(dtype=torch.float64):
    """Three images: two objects, none, one."""
    boxes = [[[5, 10, 35, 50], [60, 40, 90, 100]], [], [[30, 30, 70, 60]]]
    labels = [[0, 2], [], [1]]
    images = [
        {"boxes": torch.tensor(b, dtype=dtype).view(-1, 4), "labels": torch.tensor(each, dtype=torch.int64)}
        for b, each in zip(boxes, labels, strict=True)
    ]
    return encode_targets(images, 100, GRID, BOXES, CLASSES)


def predictions(seed, low=0.05, dtype=torch.float64):
    rng = torch.Generator().manual_seed(seed)
    return low + (1 - low) * torch.rand(3, GRID, GRID, 5 * BOXES + CLASSES, generator=rng, dtype=dtype)


def iou(a, b):
    """Of two boxes (x, y, w, h), x and y counted in cells, w and h in shares of the image."""
    sides = []
    for i in (0, 1):
        (p, q), (v, w) = ((box[i] / GRID - box[i + 2] / 2, box[i] / GRID + box[i + 2] / 2) for box in (a, b))
        sides.append(max(min(q, w) - max(p, v), 0))
    both = sides[0] * sides[1]
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def assignment(predicted, truth):
    """For each image, row and column with an object: which box is responsible, and its IoU."""
    found = {}
    for at in np.ndindex(truth.shape[:3]):
        if truth[at][4]:
            ious = [iou(predicted[at][5 * b : 5 * b + 4], truth[at][:4]) for b in range(BOXES)]
            found[at] = max(range(BOXES), key=ious.__getitem__), max(ious)
    return found


def loss_by_hand(predicted, truth, responsible, coord=5.0, noobj=0.5):
    """Equation 3 of the paper, sum by sum; given who is responsible with which IoU."""
    terms = dict.fromkeys(LossTerms._fields, 0.0)
    for at in np.ndindex(truth.shape[:3]):
        for b in range(BOXES):
            x, y, w, h, confidence = predicted[at][5 * b : 5 * b + 5]
            if at in responsible and responsible[at][0] == b:
                tx, ty, tw, th = truth[at][:4]
                terms["centre"] += coord * ((x - tx) ** 2 + (y - ty) ** 2)
                terms["size"] += coord * (
                    (math.sqrt(w) - math.sqrt(tw)) ** 2 + (math.sqrt(h) - math.sqrt(th)) ** 2
                )
                terms["confidence"] += (confidence - responsible[at][1]) ** 2
            else:
                terms["background"] += noobj * confidence**2
        if at in responsible:
            for c in range(5 * BOXES, 5 * BOXES + CLASSES):
                terms["classes"] += (predicted[at][c] - truth[at][c]) ** 2
    return {name: term / len(truth) for name, term in terms.items()}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weights", [(5.0, 0.5), (1.0, 0.0), (0, 2)])
def test_equation_3_by_hand(seed, weights):
    predicted, truth = predictions(seed), targets()
    p, t = predicted.numpy(), truth.numpy()
    wanted = loss_by_hand(p, t, assignment(p, t), *weights)
    terms = yolo_loss_terms(predicted, truth, BOXES, *weights)
    assert {name: term.item() for name, term in terms._asdict().items()} == pytest.approx(wanted, rel=1e-12)
    total = yolo_loss(predicted, truth, BOXES, *weights)
    assert total.shape == ()
    assert total.item() == pytest.approx(sum(wanted.values()), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_gradient_by_finite_differences(seed):
    """With the IoU held, which is what confidence is to be, and not what is to be changed for its sake."""
    predicted, truth = predictions(seed).requires_grad_(), targets()
    yolo_loss(predicted, truth, BOXES).backward()
    p, t, step = predicted.detach().numpy(), truth.numpy(), 1e-6
    held = assignment(p, t)
    for at in np.ndindex(p.shape):
        ends = []
        for sign in (1, -1):
            q = p.copy()
            q[at] += sign * step
            ends.append(sum(loss_by_hand(q, t, held).values()))
        assert predicted.grad[at].item() == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


def test_gradients_of_terms_where_outputs_make_no_sense():
    """Negative widths, widths in the bend of the root, confidences above 1."""
    rng = torch.Generator().manual_seed(0)
    predicted = torch.randn(3, GRID, GRID, 5 * BOXES + CLASSES, generator=rng, dtype=torch.float64)
    predicted[0, ..., 2] = 5e-4
    predicted.requires_grad_()
    for name in ("centre", "size", "background", "classes"):  # confidence is to be an IoU, which would move
        assert torch.autograd.gradcheck(
            lambda p, name=name: getattr(yolo_loss_terms(p, targets(), BOXES), name), predicted, atol=1e-4
        )


def test_no_gradient_flows_through_the_iou():
    predicted = predictions(0).requires_grad_()
    yolo_loss_terms(predicted, targets(), BOXES).confidence.backward()
    grad = predicted.grad[..., : 5 * BOXES].unflatten(-1, (BOXES, 5))
    assert not grad[..., :4].any()
    assert grad[..., 4].count_nonzero() == 3  # one box for each of three objects


def test_a_perfect_prediction_costs_nothing():
    truth = targets()
    predicted = truth.clone().requires_grad_()
    assert yolo_loss(predicted, truth).item() > 0  # both boxes are sure of the object, one is responsible
    right = truth.clone()
    right[..., 9] = 0
    assert yolo_loss(right, truth).item() == pytest.approx(0, abs=1e-12)


def test_an_image_without_objects_costs_what_it_is_confident_of():
    predicted = predictions(0)[1:2]
    terms = yolo_loss_terms(predicted, targets()[1:2])
    confidences = predicted[..., [4, 9]]
    assert terms.background.item() == pytest.approx(0.5 * float((confidences**2).sum()))
    assert [terms.centre, terms.size, terms.confidence, terms.classes] == [0, 0, 0, 0]


def test_mean_over_images():
    predicted, truth = predictions(0), targets()
    each = [yolo_loss(predicted[i : i + 1], truth[i : i + 1]).item() for i in range(3)]
    assert yolo_loss(predicted, truth).item() == pytest.approx(sum(each) / 3)


ONE = torch.tensor([0.5, 0.5, 0.5, 0.5, 1.0] * 2 + [1.0]).view(1, 1, 1, 11)  # one cell, all of the image


def cell(first, second):
    return torch.tensor([*first, 0.3, *second, 0.4, 1.0]).view(1, 1, 1, 11)


def test_of_two_boxes_that_miss_the_nearer_is_responsible():
    nowhere, near = (0.5, 0.5, 0.0, 0.0), (0.5, 0.5, -0.1, 0.4)
    for order, confidences in (((nowhere, near), (0.4, 0.3)), ((near, nowhere), (0.3, 0.4))):
        terms = yolo_loss_terms(cell(*order), ONE)
        assert terms.confidence.item() == pytest.approx(confidences[0] ** 2)  # to be 0, for nothing overlaps
        assert terms.background.item() == pytest.approx(0.5 * confidences[1] ** 2)


def test_a_box_that_overlaps_is_responsible_even_if_another_is_nearer():
    inside, misses = (0.5, 0.5, 0.02, 0.02), (0.5, 0.5, 0.5, 0.0)
    iou = 0.02**2 / 0.5**2
    for order, confidence in (((inside, misses), 0.3), ((misses, inside), 0.4)):
        assert yolo_loss_terms(cell(*order), ONE).confidence.item() == pytest.approx((confidence - iou) ** 2)


def test_of_equal_boxes_the_first_is_responsible():
    same = (0.5, 0.5, 0.5, 0.25)
    assert yolo_loss_terms(cell(same, same), ONE).confidence.item() == pytest.approx((0.3 - 0.5) ** 2)


def test_the_root_is_a_root_and_goes_on_where_there_is_none():
    x = torch.tensor([1.0, 0.25, 0.01, 0.001], dtype=torch.float64)
    torch.testing.assert_close(root(x), x.sqrt())
    torch.testing.assert_close(root(-x), -x.sqrt())
    small = torch.tensor([9e-4, 1e-30, 0.0, -1e-5, -9e-4], dtype=torch.float64, requires_grad=True)
    values = root(small)
    values.sum().backward()
    slope = 1 / math.sqrt(1e-3)
    torch.testing.assert_close(values, small * slope)
    torch.testing.assert_close(small.grad, torch.full_like(small, slope))
    across = torch.linspace(-0.01, 0.01, 2001, dtype=torch.float64)
    assert (root(across).diff() > 0).all()


@pytest.mark.parametrize("width", [0.0, -1e-3, -2.0, 1e-30])
def test_a_width_of_nothing_has_a_gradient_that_makes_it_grow(width):
    predicted = cell((0.5, 0.5, width, 0.5), (9.0, 9.0, 0.0, 0.0)).requires_grad_()
    yolo_loss_terms(predicted, ONE).size.backward()
    assert predicted.grad.isfinite().all()
    assert predicted.grad[0, 0, 0, 2] < 0


def test_descent_finds_the_objects():
    boxes = torch.tensor([[5.0, 10.0, 35.0, 50.0], [60.0, 40.0, 90.0, 100.0]])
    labels = torch.tensor([0, 2])
    images = [{"boxes": boxes, "labels": labels}, {"boxes": boxes[:0], "labels": labels[:0]}]
    truth = encode_targets(images, 100, GRID, BOXES, CLASSES)
    predicted = torch.zeros_like(truth).requires_grad_()  # every width 0 at the start
    optimizer = torch.optim.Adam([predicted], lr=0.02)
    start = yolo_loss(predicted, truth).item()
    for _ in range(400):
        optimizer.zero_grad()
        loss = yolo_loss(predicted, truth)
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3 * start
    found = decode_predictions(predicted, 100, score_threshold=0.1, iou_threshold=0.5)
    assert [len(each["boxes"]) for each in found] == [2, 0]
    assert mean_average_precision(found, images, iou_threshold=0.9) == 1


def test_the_network_s_output_is_what_the_loss_takes():
    torch.manual_seed(0)
    net = YOLO.small(grid=GRID, boxes=BOXES, classes=CLASSES)
    output = net(torch.rand(3, *net.input_size))
    yolo_loss(output, targets(torch.float32), net.boxes).backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in net.parameters())
    assert len(decode_predictions(output, net.input_size[1:], net.boxes)) == 3


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(dtype):
    predicted, truth = predictions(0).to(dtype), targets().float()
    loss = yolo_loss(predicted, truth)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(yolo_loss(predicted.double(), truth.double()).item(), rel=1e-5)
