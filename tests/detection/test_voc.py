"""Mean average precision as PASCAL VOC defines it, against a plain program after the development kit's text.

"Detections are assigned to ground truth objects … ranked by confidence; a correct detection has an overlap of
at least 50 %; multiple detections of the same object are false"; difficult objects count neither way.
"""

from fractions import Fraction

import pytest
import torch
from boxes_at_random import images
from hypothesis import given, settings
from hypothesis import strategies as st

from course_pkg.detection import mean_average_precision, precision_recall_curves
from course_pkg.detection.matching import match_voc


def overlap(a, b, pixel):
    """In fractions; sides count `pixel` more."""
    w, h = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) + pixel for i in (0, 1))
    if w <= 0 or h <= 0:
        return Fraction(0)
    areas = [(box[2] - box[0] + pixel) * (box[3] - box[1] + pixel) for box in (a, b)]
    return Fraction(w * h, sum(areas) - w * h)


def verdicts(predictions, targets, label, threshold, pixel):
    """Of one class: for each detection that counts, best first, (score, right); and the number of objects."""
    objects, taken = {}, set()
    for image, target in enumerate(targets):
        columns = [target[key].long().tolist() for key in ("boxes", "labels", "difficult")]
        objects[image] = [(box, hard) for box, each, hard in zip(*columns, strict=True) if each == label]
    detections = []
    for image, found in enumerate(predictions):
        columns = found["boxes"].long().tolist(), found["scores"].tolist(), found["labels"].tolist()
        detections += [(s, image, box) for box, s, each in zip(*columns, strict=True) if each == label]
    detections.sort(key=lambda detection: -detection[0])  # stable
    ranked = []
    for score, image, box in detections:
        best, index = Fraction(-1), None
        for i, (truth, _) in enumerate(objects[image]):
            if overlap(box, truth, pixel) > best:
                best, index = overlap(box, truth, pixel), i
        if index is None or best < threshold:
            ranked.append((score, False))
        elif not objects[image][index][1]:
            ranked.append((score, (image, index) not in taken))
            taken.add((image, index))
    return ranked, sum(not difficult for each in objects.values() for _, difficult in each)


def by_the_kit(predictions, targets, threshold, method, pixel):
    """Mean over the classes with objects; None if there are none."""
    averages = []
    for label in range(2):
        ranked, objects = verdicts(predictions, targets, label, threshold, pixel)
        if not objects:
            continue
        found, points = 0, []
        for rank, (_, right) in enumerate(ranked, start=1):
            found += right
            points.append((Fraction(found, objects), Fraction(found, rank)))
        if method == "voc07":
            asked = [Fraction(k, 10) for k in range(11)]
        else:
            asked = [Fraction(k, objects) for k in range(1, objects + 1)]
        heights = [max((p for r, p in points if r >= t), default=Fraction(0)) for t in asked]
        averages.append(sum(heights) / len(heights))
    return sum(averages) / len(averages) if averages else None


@pytest.mark.parametrize("pixel_boxes", [False, True])
@pytest.mark.parametrize("method", ["voc07", "voc10"])
@settings(max_examples=150)
@given(images("difficult"), st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(3, 5), Fraction(1)]))
def test_as_the_development_kit_says(method, pixel_boxes, case, threshold):
    predictions, targets = case
    wanted = by_the_kit(predictions, targets, threshold, method, int(pixel_boxes))
    if wanted is None:
        with pytest.raises(ValueError, match=r"^targets: got no object that counts"):
            mean_average_precision(predictions, targets, float(threshold), method, pixel_boxes)
    else:
        ours = mean_average_precision(predictions, targets, float(threshold), method, pixel_boxes)
        assert ours == pytest.approx(float(wanted), abs=1e-12)


@settings(max_examples=50)
@given(images("difficult"))
def test_curves(case):
    predictions, targets = case
    curves = precision_recall_curves(predictions, targets)
    for label in range(2):
        ranked, objects = verdicts(predictions, targets, label, Fraction(1, 2), 0)
        assert (label in curves) == (objects > 0)
        if objects:
            curve = curves[label]
            assert curve.objects == objects
            assert curve.scores.tolist() == [score for score, _ in ranked]
            found = torch.tensor([right for _, right in ranked]).cumsum(0)
            assert (curve.recall * objects).tolist() == pytest.approx(found.tolist())
            assert (curve.precision * torch.arange(1, len(found) + 1)).tolist() == pytest.approx(
                found.tolist()
            )


def scene(boxes, **others):
    n = len(boxes)
    return {
        "boxes": torch.tensor(boxes).view(n, 4).float(),
        "labels": torch.zeros(n, dtype=torch.int64),
    } | others


def test_a_pixel_decides():
    there = scene([[0, 0, 9, 9]])
    found = scene([[0, 0, 9, 4]], scores=torch.ones(1))
    # edges as lines: 36 of 81; as pixels: 50 of 100, just enough
    assert mean_average_precision([found], [there], pixel_boxes=False) == 0
    assert mean_average_precision([found], [there], pixel_boxes=True) == 1


def test_an_overlap_of_exactly_the_threshold_is_enough():
    there = scene([[0, 0, 10, 10]])
    for tenths in range(1, 11):
        found = scene([[0, 0, 10, tenths]], scores=torch.ones(1))  # IoU tenths / 10, in float32 boxes
        assert mean_average_precision([found], [there], tenths / 10) == 1
        assert mean_average_precision([found], [there], min(tenths / 10 + 1e-9, 1)) == (tenths == 10)


def test_difficult_objects_count_neither_way():
    there = scene([[0, 0, 4, 4], [8, 8, 12, 12]], difficult=torch.tensor([False, True]))
    hard = [[8, 8, 12, 12], [8, 8, 12, 11], [0, 0, 4, 4]]
    found = scene(hard, scores=torch.tensor([0.9, 0.8, 0.7]))  # twice the difficult one, then the other
    assert mean_average_precision([found], [there], method="voc10") == 1
    plain = {key: there[key] for key in ("boxes", "labels")}
    assert mean_average_precision([found], [plain], method="voc10") == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)


def test_classes_that_are_only_predicted_are_not_in_the_mean():
    there = scene([[0, 0, 4, 4]])
    found = scene([[0, 0, 4, 4], [5, 5, 9, 9]], scores=torch.tensor([0.9, 0.8])) | {
        "labels": torch.tensor([0, 7])
    }
    assert mean_average_precision([found], [there]) == 1
    unseen = scene([[0, 0, 4, 4], [5, 5, 9, 9]], labels=torch.tensor([0, 3]))
    assert mean_average_precision([found], [unseen]) == 0.5  # 3 is there and never found


def test_several_thresholds_are_averaged():
    there, found = scene([[0, 0, 10, 10]]), scene([[0, 0, 10, 6]], scores=torch.ones(1))
    assert mean_average_precision([found], [there], [0.5, 0.6, 0.7, 0.8]) == 0.5


def test_no_objects_at_all():
    assert match_voc([[], []], [], [], 0.5) == [False, False]
    empty = scene([])
    with pytest.raises(ValueError, match=r"^targets: got no object that counts"):
        mean_average_precision([empty | {"scores": torch.zeros(0)}], [empty])
    assert precision_recall_curves([empty | {"scores": torch.zeros(0)}], [empty]) == {}
    assert mean_average_precision([empty | {"scores": torch.zeros(0)}], [scene([[0, 0, 1, 1]])]) == 0
