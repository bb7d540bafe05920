import numpy as np
import pytest
import torch
from boxes_at_random import boxes, iou_by_counting
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from course_pkg.detection import box_area, box_iou, cxcywh_to_xyxy, xyxy_to_cxcywh


@pytest.mark.parametrize("pixel_boxes", [False, True])
@given(a=boxes(), b=boxes())
def test_iou_by_counting_squares(pixel_boxes, a, b):
    ours = box_iou(a, b, pixel_boxes)
    assert ours.shape == (len(a), len(b))
    end = torch.tensor([0, 0, 1, 1]) * pixel_boxes  # the last pixel belongs to the box
    for i, box1 in enumerate((a + end).long().tolist()):
        for j, box2 in enumerate((b + end).long().tolist()):
            assert ours[i, j].item() == float(iou_by_counting(box1, box2))  # rounded once, so exactly
        assert box_area(a, pixel_boxes)[i] == (box1[2] - box1[0]) * (box1[3] - box1[1])


@given(a=boxes(), b=boxes())
def test_iou_as_pycocotools(a, b):
    if not len(a) or not len(b):
        return
    to_xywh = torch.tensor([[1, 0, -1, 0], [0, 1, 0, -1], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=torch.float64)
    theirs = coco_mask.iou((a @ to_xywh).numpy(), (b @ to_xywh).numpy(), [0] * len(b))
    np.testing.assert_allclose(box_iou(a, b), theirs, rtol=1e-15)


def test_iou_of_boxes_anywhere():
    rng = torch.Generator().manual_seed(0)
    corners = torch.rand(2, 400, 2, 2, generator=rng, dtype=torch.float64) * 1000 - 500
    a, b = torch.cat([corners.amin(dim=2), corners.amax(dim=2)], dim=2)
    ours = box_iou(a, b)
    sizes = [(box[:, 2:] - box[:, :2]).prod(dim=1) for box in (a, b)]
    for i, j in [(0, 0), (17, 391), (250, 3), (399, 399)]:
        w = min(a[i, 2], b[j, 2]) - max(a[i, 0], b[j, 0])
        h = min(a[i, 3], b[j, 3]) - max(a[i, 1], b[j, 1])
        both = w * h if w > 0 and h > 0 else 0
        assert ours[i, j].item() == pytest.approx(float(both / (sizes[0][i] + sizes[1][j] - both)), rel=1e-12)
    assert (ours >= 0).all()
    assert (ours <= 1).all()
    torch.testing.assert_close(ours, box_iou(b, a).T)
    torch.testing.assert_close(box_iou(a, a).diagonal(), torch.ones(400, dtype=torch.float64))
    torch.testing.assert_close(box_iou(a * 0.5 + 100, b * 0.5 + 100), ours)  # does not depend on the unit


def test_boxes_without_area_overlap_nothing_and_touching_ones_neither():
    point, line, square = [1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 2.0, 1.0], [0.0, 0.0, 2.0, 2.0]
    flat = torch.tensor([point, line, square])
    assert box_iou(flat, flat).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert box_iou(flat[2:], torch.tensor([[2.0, 0.0, 4.0, 2.0], [2.0, 2.0, 3.0, 3.0]])).tolist() == [[0, 0]]
    # counted by pixels, a point is one pixel, and boxes that share a column overlap
    assert box_iou(flat[:1], flat, pixel_boxes=True).tolist() == [
        [1, pytest.approx(1 / 3), pytest.approx(1 / 9)]
    ]
    assert box_iou(flat[2:], torch.tensor([[3.0, 0.0, 4.0, 2.0]]), pixel_boxes=True).tolist() == [[0]]


def test_gradient_of_iou():
    a = torch.tensor([[0.0, 0.0, 4.0, 3.0], [1.0, 1.0, 2.0, 2.0]], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([[1.0, -1.0, 5.0, 2.5], [7.0, 7.0, 9.0, 9.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(box_iou, (a, b))
    flat = torch.zeros(1, 4, requires_grad=True)
    box_iou(flat, torch.zeros(1, 4)).sum().backward()
    assert flat.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_large_boxes_in_half_precision(dtype):
    large = torch.tensor([[0, 0, 1024, 1024], [0, 0, 1024, 512]], dtype=dtype)  # float16 ends at 65504
    assert box_area(large).tolist() == [2**20, 2**19]
    assert box_iou(large, large).tolist() == [[1, 0.5], [0.5, 1]]
    assert box_iou(large, large).dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


@given(boxes(), st.sampled_from([torch.float32, torch.float64]))
def test_centre_and_size_and_back(corners, dtype):
    corners = corners.to(dtype)
    centred = xyxy_to_cxcywh(corners)
    assert torch.equal(cxcywh_to_xyxy(centred), corners)
    for (x0, y0, x1, y1), (x, y, w, h) in zip(corners.tolist(), centred.tolist(), strict=True):
        assert (x, y, w, h) == ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)
    assert xyxy_to_cxcywh(corners.view(-1, 1, 2, 2).flatten(2)).shape == (len(corners), 1, 4)
