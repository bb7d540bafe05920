"""What the detection functions say of bad input; that the docstrings' examples run and say everything."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
import torch

from course_pkg import detection
from course_pkg.detection import (
    average_precision,
    batched_nms,
    box_area,
    box_iou,
    cxcywh_to_xyxy,
    decode_predictions,
    encode_targets,
    mean_average_precision,
    nms,
    precision_recall_curves,
    yolo_loss,
)

BOX = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0]])
SCORES, LABELS = torch.tensor([0.5, 0.25]), torch.tensor([0, 1])
THERE = {"boxes": BOX, "labels": LABELS}
FOUND = THERE | {"scores": SCORES}
GRID = torch.zeros(2, 3, 3, 13)
NAN, INFINITE = BOX.clone(), BOX.clone()
NAN[1, 0], INFINITE[0, 2] = torch.nan, torch.inf


def mean_ap(found=None, there=None, **options):
    return mean_average_precision([FOUND | (found or {})], [THERE | (there or {})], **options)


def encode(target, *options):
    return encode_targets([THERE, THERE | target], 10, *options)


# (call, error, argument, what came, what was expected)
BOXES = [
    (lambda: box_area([[0, 0, 1, 1]]), TypeError, "boxes", "list [[0, 0, 1, 1]]", "a tensor, (N, 4)"),
    (lambda: box_area(BOX.numpy()), TypeError, "boxes", "an array of shape (2, 4)", "a tensor"),
    (lambda: box_area(BOX.int()), TypeError, "boxes", "torch.int32", "floats"),
    (lambda: box_area(BOX[0]), ValueError, "boxes", "(4,)", "(N, 4)"),
    (lambda: box_area(torch.zeros(0)), ValueError, "boxes", "(0,)", "(N, 4), also when N is 0"),
    (lambda: box_area(BOX[:, :3]), ValueError, "boxes", "(2, 3)", "(N, 4)"),
    (lambda: box_area(BOX, 1), TypeError, "pixel_boxes", "int 1", "True or False"),
    (lambda: box_iou(BOX, NAN), ValueError, "boxes2[1]", "[nan, 1.0, 3.0, 3.0]", "finite"),
    (lambda: box_iou(INFINITE, BOX), ValueError, "boxes1[0]", "[0.0, 0.0, inf, 2.0]", "finite"),
    (lambda: box_iou(BOX[:, [2, 1, 0, 3]], BOX), ValueError, "boxes1[0]", "[2.0, 0.0, 0.0, 2.0]", "x0 ≤ x1"),
    (lambda: box_iou(BOX, BOX[:, [0, 3, 2, 1]]), ValueError, "boxes2[0]", "[0.0, 2.0, 2.0, 0.0]", "y0 ≤ y1"),
    (lambda: cxcywh_to_xyxy(BOX[:, :2]), ValueError, "boxes", "(2, 2)", "(…, 4)"),
    (lambda: cxcywh_to_xyxy(torch.tensor(1.0)), ValueError, "boxes", "()", "(…, 4)"),
    (lambda: nms(BOX, SCORES[:1], 0.5), ValueError, "scores", "(1,)", "(2,), one for each box"),
    (lambda: nms(BOX, SCORES[:, None], 0.5), ValueError, "scores", "(2, 1)", "(2,)"),
    (lambda: nms(BOX, LABELS, 0.5), TypeError, "scores", "torch.int64", "floats"),
    (lambda: nms(BOX, NAN[:, 0], 0.5), ValueError, "scores", "NaN at 1", "numbers"),
    (lambda: nms(BOX, SCORES, 1.5), ValueError, "iou_threshold", "1.5", "between 0 and 1"),
    (lambda: nms(BOX, SCORES, float("nan")), ValueError, "iou_threshold", "nan", "between 0 and 1"),
    (lambda: nms(BOX, SCORES, "0.5"), TypeError, "iou_threshold", "str '0.5'", "a number"),
    (lambda: batched_nms(BOX, SCORES, SCORES, 0.5), TypeError, "idxs", "torch.float32", "whole numbers"),
    (lambda: batched_nms(BOX, SCORES, [0, 1], 0.5), TypeError, "idxs", "list [0, 1]", "a tensor"),
    (lambda: batched_nms(BOX, SCORES, LABELS[:1], 0.5), ValueError, "idxs", "(1,)", "(2,)"),
]
GRIDS = [
    (lambda: encode_targets(THERE, 10), TypeError, "targets", "dict", "a list of dictionaries"),
    (lambda: encode_targets([], 10), ValueError, "targets", "an empty list", "at least one image"),
    (
        lambda: encode_targets([BOX], 10),
        TypeError,
        "targets[0]",
        "torch.Tensor of shape (2, 4)",
        "a dictionary",
    ),
    (
        lambda: encode_targets([{"boxes": BOX}], 10),
        ValueError,
        "targets[0]",
        "no 'labels'",
        "'boxes', 'labels'",
    ),
    (lambda: encode({"labels": LABELS[:1]}), ValueError, "targets[1]['labels']", "(1,)", "(2,)"),
    (lambda: encode({"labels": LABELS + 19}), ValueError, "targets[1]['labels'][1]", "20", "0 … 19"),
    (lambda: encode({"labels": LABELS - 1}), ValueError, "targets[1]['labels'][0]", "-1", "0 … 19"),
    (
        lambda: encode({"labels": LABELS > 0}),
        TypeError,
        "targets[1]['labels']",
        "torch.bool",
        "whole numbers",
    ),
    (lambda: encode({"boxes": NAN}), ValueError, "targets[1]['boxes'][1]", "nan", "finite"),
    (
        lambda: encode({"boxes": BOX * 0}),
        ValueError,
        "targets[1]['boxes'][0]",
        "[0.0, 0.0, 0.0, 0.0]",
        "with width",
    ),
    (
        lambda: encode({"boxes": BOX * 6}),
        ValueError,
        "targets[1]['boxes'][1]",
        "18.0",
        "a centre in 10 × 10 pixels",
    ),
    (lambda: encode({"boxes": BOX - 2}), ValueError, "targets[1]['boxes'][0]", "-2.0", "a centre in"),
    (lambda: encode({}, 0), ValueError, "grid", "0", "at least 1"),
    (lambda: encode({}, 7, 1.5), TypeError, "boxes", "float 1.5", "an integer"),
    (lambda: encode({}, 7, 2, 0), ValueError, "classes", "0", "at least 1"),
    (lambda: encode_targets([THERE], (10, 0)), ValueError, "image_size[1]", "0", "at least 1"),
    (lambda: encode_targets([THERE], (3, 10, 10)), ValueError, "image_size", "(3, 10, 10)", "a tuple of 2"),
    (lambda: decode_predictions(GRID[0], 10), ValueError, "predictions", "(3, 3, 13)", "(N, S, S, 5·2 + C)"),
    (lambda: decode_predictions(GRID[:, 1:], 10), ValueError, "predictions", "(2, 2, 3, 13)", "(N, S, S,"),
    (
        lambda: decode_predictions(GRID, 10, 3),
        ValueError,
        "predictions",
        "13)",
        "5·3 + C) with at least one class",
    ),
    (lambda: decode_predictions(GRID.long(), 10), TypeError, "predictions", "torch.int64", "floats"),
    (lambda: decode_predictions(GRID / 0, 10), ValueError, "predictions", "not finite", "numbers"),
    (lambda: decode_predictions(GRID, 10, 2, None), TypeError, "score_threshold", "None", "a number"),
    (lambda: decode_predictions(GRID + 1, 10, 2, 0, 2), ValueError, "iou_threshold", "2", "between 0 and 1"),
    (lambda: decode_predictions(GRID, 10, 2, 0, -1), ValueError, "iou_threshold", "-1", "between 0 and 1"),
    (
        lambda: yolo_loss(GRID, GRID[:1]),
        ValueError,
        "targets",
        "(1, 3, 3, 13)",
        "(2, 3, 3, 13), as predictions",
    ),
    (
        lambda: yolo_loss(GRID[..., :10], GRID),
        ValueError,
        "predictions",
        "(2, 3, 3, 10)",
        "at least one class",
    ),
    (lambda: yolo_loss(GRID, GRID.numpy()), TypeError, "targets", "an array", "a tensor"),
    (lambda: yolo_loss(GRID[:0], GRID[:0]), ValueError, "predictions", "(0, 3, 3, 13)", "at least one image"),
    (lambda: yolo_loss(GRID, GRID, 2, -1), ValueError, "lambda_coord", "-1", "at least 0"),
    (lambda: yolo_loss(GRID, GRID, 2, 5, None), TypeError, "lambda_noobj", "None", "a number"),
    (lambda: yolo_loss(GRID, GRID, 0), ValueError, "boxes", "0", "at least 1"),
]
CURVES = [
    (lambda: average_precision([0.5], SCORES), TypeError, "recall", "list [0.5]", "a tensor, (D,)"),
    (lambda: average_precision(SCORES, LABELS), TypeError, "precision", "torch.int64", "floats"),
    (lambda: average_precision(BOX, SCORES), ValueError, "recall", "(2, 4)", "(D,)"),
    (
        lambda: average_precision(SCORES[:1], SCORES),
        ValueError,
        "precision",
        "2 values",
        "1, as many as recall",
    ),
    (lambda: average_precision(SCORES * 4, SCORES), ValueError, "recall", "outside 0 … 1", "shares"),
    (lambda: average_precision(SCORES, NAN[:, 0]), ValueError, "precision", "outside 0 … 1", "shares"),
    (lambda: average_precision(SCORES, SCORES), ValueError, "recall", "fall", "more and more detections"),
    (
        lambda: average_precision(SCORES, SCORES, "voc"),
        ValueError,
        "method",
        "'voc'",
        "'voc07', 'voc10', 'coco'",
    ),
    (
        lambda: mean_average_precision([FOUND], [THERE] * 2),
        ValueError,
        "predictions",
        "1 images",
        "2, as in targets",
    ),
    (
        lambda: mean_average_precision([THERE], [THERE]),
        ValueError,
        "predictions[0]",
        "no 'scores'",
        "'scores'",
    ),
    (lambda: mean_average_precision([FOUND], THERE), TypeError, "targets", "dict", "a list of dictionaries"),
    (lambda: mean_ap({"boxes": BOX - NAN}), ValueError, "predictions[0]['boxes'][1]", "nan", "finite"),
    (lambda: mean_ap({"scores": SCORES[0]}), ValueError, "predictions[0]['scores']", "()", "(2,)"),
    (
        lambda: mean_ap({"labels": SCORES}),
        TypeError,
        "predictions[0]['labels']",
        "torch.float32",
        "whole numbers",
    ),
    (lambda: mean_ap(None, {"boxes": BOX.long()}), TypeError, "targets[0]['boxes']", "torch.int64", "floats"),
    (lambda: mean_ap(None, {"labels": LABELS[:1]}), ValueError, "targets[0]['labels']", "(1,)", "(2,)"),
    (lambda: mean_ap(None, {"difficult": [0, 1]}), TypeError, "targets[0]['difficult']", "list", "a tensor"),
    (lambda: mean_ap(None, {"difficult": LABELS[:1]}), ValueError, "targets[0]['difficult']", "(1,)", "(2,)"),
    (
        lambda: mean_ap(None, {"iscrowd": LABELS}),
        ValueError,
        "targets[0]",
        "'iscrowd'",
        "'difficult' with this method",
    ),
    (
        lambda: mean_ap(None, {"difficult": LABELS}, method="coco"),
        ValueError,
        "targets[0]",
        "'difficult'",
        "'iscrowd' with this method",
    ),
    (
        lambda: mean_ap(None, {"difficult": LABELS < 9}),
        ValueError,
        "targets",
        "no object that counts",
        "at least one",
    ),
    (lambda: mean_ap(iou_threshold=0), ValueError, "iou_threshold", "0", "above 0, at most 1"),
    (lambda: mean_ap(iou_threshold=[0.5, 1.1]), ValueError, "iou_threshold", "1.1", "above 0, at most 1"),
    (lambda: mean_ap(iou_threshold=[]), ValueError, "iou_threshold", "none", "at least one"),
    (lambda: mean_ap(iou_threshold=np.array([0.5])), TypeError, "iou_threshold", "an array", "a number"),
    (lambda: mean_ap(method="COCO"), ValueError, "method", "'COCO'", "'coco'"),
    (lambda: mean_ap(pixel_boxes=None), TypeError, "pixel_boxes", "None", "True or False"),
    (lambda: mean_ap(max_detections=9), ValueError, "max_detections", "9", "None with method='voc07'"),
    (lambda: mean_ap(area_range=(0, 9)), ValueError, "area_range", "(0, 9)", "None with method='voc07'"),
    (lambda: mean_ap(method="coco", max_detections=0), ValueError, "max_detections", "0", "at least 1"),
    (lambda: mean_ap(method="coco", area_range=9), TypeError, "area_range", "int 9", "(least, greatest)"),
    (
        lambda: mean_ap(method="coco", area_range=(9, 0)),
        ValueError,
        "area_range",
        "(9, 0)",
        "least ≤ greatest",
    ),
    (
        lambda: precision_recall_curves([FOUND], [THERE], [0.5]),
        TypeError,
        "iou_threshold",
        "list",
        "a number",
    ),
]


@pytest.mark.parametrize(("call", "error", "argument", "came", "expected"), BOXES + GRIDS + CURVES)
def test_bad_input_is_named(call, error, argument, came, expected):
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error
    message = str(raised.value)
    assert message.startswith(f"{argument}: got ")
    got, _, wanted = message.partition("expected")
    assert came in got
    assert expected in wanted


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(detection.__path__)])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"course_pkg.detection.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("name", detection.__all__)
def test_public_docstrings_are_complete(name):
    public = getattr(detection, name)
    assert public.__doc__
    if not isinstance(public, type):
        for section in ("Parameters", "Returns", "Raises", "Examples"):
            assert f"{section}\n    ---" in public.__doc__, section
        assert "return" in public.__annotations__


def test_arguments_are_left_as_they_were():
    before = [values.clone() for values in (BOX, SCORES, LABELS, GRID)]
    box_iou(BOX, BOX), nms(BOX, SCORES, 0.5), batched_nms(BOX, SCORES, LABELS, 0.5)
    encode({}), decode_predictions(GRID, 10), yolo_loss(GRID, GRID), mean_ap(), mean_ap(method="coco")
    assert all(torch.equal(a, b) for a, b in zip(before, (BOX, SCORES, LABELS, GRID), strict=True))
