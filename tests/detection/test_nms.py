import numpy as np
import pytest
import torch
from boxes_at_random import detections, iou_by_counting
from hypothesis import given
from hypothesis import strategies as st
from onnx.helper import get_attribute_value

from course_pkg.detection import batched_nms, cxcywh_to_xyxy, nms
from tests.onnx_cases import node_cases

THRESHOLDS = st.sampled_from([0.0, 0.25, 0.3, 1 / 3, 0.5, 0.75, 1.0])


def nms_by_brute_force(boxes, scores, threshold):
    """A box is kept if no better box that is kept overlaps it too much."""
    better = sorted(range(len(boxes)), key=lambda i: (-scores[i], i))
    kept = []
    for i in better:
        if not any(float(iou_by_counting(boxes[i], boxes[j])) > threshold for j in kept):
            kept.append(i)
    return kept


@given(detections(), THRESHOLDS)
def test_nms_by_brute_force(found, threshold):
    kept = nms(found["boxes"], found["scores"], threshold)
    assert kept.dtype == torch.int64
    wanted = nms_by_brute_force(found["boxes"].long().tolist(), found["scores"].tolist(), threshold)
    assert kept.tolist() == wanted


@given(detections(classes=3), THRESHOLDS)
def test_batched_nms_is_nms_of_each_class(found, threshold):
    boxes, scores, labels = found["boxes"], found["scores"], found["labels"]
    kept = batched_nms(boxes, scores, labels, threshold).tolist()
    wanted = []
    for label in range(3):
        members = (labels == label).nonzero()[:, 0].tolist()
        each = nms_by_brute_force(boxes[members].long().tolist(), scores[members].tolist(), threshold)
        wanted += [members[i] for i in each]
    assert kept == sorted(wanted, key=lambda i: (-scores[i].item(), i))


@given(detections(most=12), THRESHOLDS)
def test_what_nms_promises(found, threshold):
    boxes, scores = found["boxes"], found["scores"]
    kept = nms(boxes, scores, threshold)
    assert (scores[kept].diff() <= 0).all()
    assert set(nms(boxes[kept], scores[kept], threshold).tolist()) == set(
        range(len(kept))
    )  # nothing left to do
    assert torch.equal(nms(boxes * 4 + 3, scores * 2 - 7, threshold), kept)  # units do not matter


def test_an_overlap_of_exactly_the_threshold_is_not_too_much():
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.0]])  # IoU 0.5
    assert nms(boxes, torch.tensor([0.1, 0.2]), 0.5).tolist() == [1, 0]
    assert nms(boxes, torch.tensor([0.1, 0.2]), 0.49).tolist() == [1]


def test_a_chain_is_judged_by_those_that_are_kept():
    # b overlaps a and is struck out; c overlaps only b and stays
    a, b, c = [0.0, 0.0, 6.0, 1.0], [2.0, 0.0, 8.0, 1.0], [4.0, 0.0, 10.0, 1.0]
    assert nms(torch.tensor([a, b, c]), torch.tensor([0.9, 0.8, 0.7]), 0.4).tolist() == [0, 2]


def test_more_boxes_than_are_compared_at_once():
    rng = torch.Generator().manual_seed(0)
    corners = torch.randint(0, 15, (603, 2), generator=rng)
    boxes = torch.cat([corners, corners + torch.randint(1, 5, (603, 2), generator=rng)], dim=1)
    scores = torch.randint(0, 200, (603,), generator=rng) / 200
    kept = nms(boxes.double(), scores, 0.4)
    assert len(kept) > 50
    assert kept.tolist() == nms_by_brute_force(boxes.tolist(), scores.tolist(), 0.4)


def test_no_boxes():
    none = torch.zeros(0, 4)
    assert nms(none, torch.zeros(0), 0.5).tolist() == []
    assert batched_nms(none, torch.zeros(0), torch.zeros(0, dtype=torch.int64), 0.5).dtype == torch.int64


def test_classes_of_any_number_and_boxes_of_any_place():
    boxes = torch.tensor([[-5e4, -5e4, -4e4, -4e4]] * 3)  # the trick of shifting classes apart fails here
    labels = torch.tensor([-3, 10**12, -3])
    assert batched_nms(boxes, torch.tensor([0.1, 0.2, 0.3]), labels, 0.5).tolist() == [2, 1]


def onnx_cases():
    cases = [case for case in node_cases() if case.model.graph.node[0].op_type == "NonMaxSuppression"]
    return [pytest.param(case, id=case.name) for case in cases]


def by_our_nms(boxes, scores, most=0, iou_threshold=0.0, score_threshold=None, *, centred):
    """ONNX's operator: batches, classes and limits around one `nms`."""
    selected = []
    for b, (corners, of_classes) in enumerate(zip(boxes, scores, strict=True)):
        if centred:  # x, y, w, h
            corners = cxcywh_to_xyxy(torch.from_numpy(corners))
        else:  # y, x of two opposite corners, whichever
            ends = torch.from_numpy(corners)[:, [1, 0, 3, 2]].view(-1, 2, 2)
            corners = torch.cat([ends.amin(dim=1), ends.amax(dim=1)], dim=1)
        for c, each in enumerate(torch.from_numpy(of_classes)):
            able = torch.arange(len(each))
            if score_threshold is not None:
                able = (each > float(score_threshold.item())).nonzero()[:, 0]
            kept = able[nms(corners[able], each[able], float(np.asarray(iou_threshold).item()))]
            selected += [(b, c, i) for i in kept[: int(np.asarray(most).item())].tolist()]
    return np.array(selected, dtype=np.int64).reshape(-1, 3)


with np.errstate(all="ignore"):  # ONNX makes the cases of all its operators, infinite ones too
    CASES = onnx_cases()


@pytest.mark.parametrize("case", CASES)
def test_onnx(case):
    node, (inputs, outputs) = case.model.graph.node[0], case.data_sets[0]
    options = {attribute.name: get_attribute_value(attribute) for attribute in node.attribute}
    ours = by_our_nms(*inputs, centred=options.get("center_point_box", 0) == 1)
    np.testing.assert_array_equal(ours, outputs[0])


def test_there_are_as_many_onnx_cases_as_ever():
    assert len(CASES) >= 10
