"""Mean average precision as COCO defines it, against COCO's own program and its rewriting in C++."""

import contextlib
import io

import faster_coco_eval
import numpy as np
import pycocotools.coco
import pycocotools.cocoeval
import pytest
import torch
from boxes_at_random import images
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.detection import mean_average_precision

TOOLS = {
    "pycocotools": (pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval),
    "faster-coco-eval": (faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster),
}
COCO_THRESHOLDS = np.linspace(0.5, 0.95, 10).tolist()


def rows(image):
    """Boxes as (x, y, w, h), area, label."""
    for box, label in zip(image["boxes"].tolist(), image["labels"].tolist(), strict=True):
        x0, y0, x1, y1 = box
        yield {
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "area": (x1 - x0) * (y1 - y0),
            "category_id": label + 1,
        }


def by_coco(tool, predictions, targets, thresholds, most=100, area_range=(0, 1e10)):
    """Their mean over thresholds and classes; NaN if there is no object that counts."""
    dataset, evaluation = TOOLS[tool]
    annotations = [
        row | {"image_id": image + 1, "iscrowd": crowd}
        for image, target in enumerate(targets)
        for row, crowd in zip(rows(target), target["iscrowd"].tolist(), strict=True)
    ]
    results = [
        row | {"image_id": image + 1, "score": score}
        for image, found in enumerate(predictions)
        for row, score in zip(rows(found), found["scores"].tolist(), strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth, detected = dataset(), dataset()
        for each, entries in ((truth, annotations), (detected, results)):
            each.dataset = {
                "info": {},
                "images": [{"id": i + 1} for i in range(len(targets))],
                "categories": [{"id": i + 1} for i in range(2)],
                "annotations": [{"id": i, "iscrowd": 0} | entry for i, entry in enumerate(entries, start=1)],
            }
            each.createIndex()
        judge = evaluation(truth, detected, "bbox")
        judge.params.iouThrs = np.array(thresholds)
        judge.params.maxDets = [most]
        judge.params.areaRng, judge.params.areaRngLbl = [list(area_range)], ["asked"]
        judge.evaluate()
        judge.accumulate()
    precision = np.asarray(
        judge.eval["precision"]
    )  # (thresholds, recalls, classes, 1, 1); −1 where nothing counts
    return precision[precision > -1].mean() if (precision > -1).any() else np.nan


OPTIONS = st.fixed_dictionaries(
    {
        "thresholds": st.sampled_from([[0.25], [0.5], [0.5, 0.6, 1.0], COCO_THRESHOLDS]),
        "most": st.sampled_from([1, 2, 100]),
        "area_range": st.sampled_from([(0, 1e10), (0, 9), (9, 16), (12, 1e5)]),
    }
)


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=150)
@given(images("iscrowd"), OPTIONS)
def test_as_coco_s_program(tool, case, options):
    predictions, targets = case
    wanted = by_coco(tool, predictions, targets, **options)
    arguments = {
        "iou_threshold": options["thresholds"],
        "method": "coco",
        "max_detections": options["most"],
        "area_range": options["area_range"],
    }
    if np.isnan(wanted):
        with pytest.raises(ValueError, match=r"^targets: got no object that counts"):
            mean_average_precision(predictions, targets, **arguments)
    else:
        assert mean_average_precision(predictions, targets, **arguments) == pytest.approx(wanted, abs=1e-9)


def tensors(**arrays):
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def crowded_scenes(seed, scenes=12):
    """Scenes of many objects, found with some error, missed or made up; sizes from 4 to 400 pixels."""
    rng = np.random.default_rng(seed)
    predictions, targets = [], []
    for _ in range(scenes):
        n = rng.integers(1, 25)
        start, sides = rng.uniform(0, 600, (n, 2)), np.exp(rng.uniform(np.log(4), np.log(400), (n, 2)))
        boxes, labels = np.concatenate([start, start + sides], axis=1), rng.integers(0, 2, n)
        crowd = (rng.random(n) < 0.1).astype(int)
        targets.append(tensors(boxes=boxes, labels=labels, iscrowd=crowd))

        again = rng.permutation(np.repeat(np.arange(n), 3))[: 2 * n]  # which object a detection is of
        shaken = boxes[again] + rng.normal(size=(2 * n, 4)) * np.tile(sides, 2)[again] * 0.06
        ends = shaken.reshape(-1, 2, 2)
        found = np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1)
        guessed = np.where(rng.random(2 * n) < 0.1, 1 - labels[again], labels[again])
        predictions.append(tensors(boxes=found, labels=guessed, scores=rng.random(2 * n).round(2)))
    return predictions, targets


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("area_range", [None, (0, 32**2), (32**2, 96**2), (96**2, 1e10)])
def test_on_crowded_scenes(tool, area_range):
    predictions, targets = crowded_scenes(0)
    wanted = by_coco(tool, predictions, targets, COCO_THRESHOLDS, area_range=area_range or (0, 1e10))
    ours = mean_average_precision(predictions, targets, COCO_THRESHOLDS, "coco", area_range=area_range)
    assert 0.1 < wanted < 0.9
    assert ours == pytest.approx(wanted, abs=1e-9)


def test_a_hundred_detections_of_a_class_in_an_image_are_looked_at():
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).repeat(101, 1)
    boxes[100] = torch.tensor([5.0, 5.0, 9.0, 9.0])  # the only right one, and the last
    found = {
        "boxes": boxes,
        "scores": torch.linspace(1, 0.5, 101),
        "labels": torch.zeros(101, dtype=torch.int64),
    }
    there = {"boxes": boxes[100:], "labels": torch.zeros(1, dtype=torch.int64)}
    assert mean_average_precision([found], [there], method="coco") == 0
    assert mean_average_precision([found], [there], method="coco", max_detections=101) > 0
    assert mean_average_precision([found], [there], method="voc10") == pytest.approx(1 / 101)
