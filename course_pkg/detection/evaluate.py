"""How good a detector is: precision and recall for each class, and mean average precision."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from course_pkg._validate import choice, describe, flag, number, positive_int
from course_pkg.detection._checks import Tensors, as_boxes, as_images, as_labels, as_marks, as_scores
from course_pkg.detection.average_precision import METHODS, average_precision
from course_pkg.detection.boxes import area, intersection, iou
from course_pkg.detection.matching import Matching, match_coco, match_voc


class PrecisionRecall(NamedTuple):
    """How precision and recall go along as more and more of the detections are taken, best first."""

    recall: torch.Tensor
    """Share of the objects that are found among the 1, 2, …, D best detections, float64, (D,)."""
    precision: torch.Tensor
    """Share of these detections that are right, float64, (D,)."""
    scores: torch.Tensor
    """Score of the last of them, float64, (D,)."""
    objects: int
    """Number of objects that are to be found."""


class _Rules(NamedTuple):
    matching: Matching
    mark: str  # the key that marks objects which do not count
    other_mark: str  # what the others call it
    border: int  # what a side of a box counts beyond x1 − x0
    most: int | None  # detections of one class in one image that are looked at
    areas: tuple[float, float] | None  # objects of other areas do not count


class _Image(NamedTuple):
    """All that is in one image of one class."""

    scores: torch.Tensor  # of the detections, best first, float64, (D,)
    outside: list[bool]  # whether the area of the detection is not asked for
    overlaps: list[list[float]]  # D × objects
    ignored: list[bool]  # whether the object does not count
    crowd: list[bool]


def mean_average_precision(
    predictions: Sequence[Tensors],
    targets: Sequence[Tensors],
    iou_threshold: float | Sequence[float] = 0.5,
    method: str = "voc07",
    pixel_boxes: bool = False,
    max_detections: int | None = None,
    area_range: tuple[float, float] | None = None,
) -> float:
    """Mean over the classes of the average precision, mAP.

    The mean is over the classes of which there is an object that counts; detections of others are not looked
    at.

    Parameters
    ----------
    predictions
        One dictionary an image, with "boxes": (x0, y0, x1, y1), shape (D, 4), floats; "scores": shape (D,),
        floats; and "labels": classes, shape (D,), whole numbers.
    targets
        For the same images in the same order, "boxes" and "labels" of what is there. With "voc07" and
        "voc10" there may also be "difficult", shape (M,), that marks objects which need not be found; with
        "coco" there may be "iscrowd", shape (M,), that marks areas with many objects. Detections that hit
        what is marked do not count.
    iou_threshold
        The least IoU with which a detection is right, more than 0 and at most 1; of several, the result is
        the mean.
    method
        How detections are matched and the curve summed up: "voc07", "voc10" or "coco"; see
        `average_precision`, `matching.match_voc` and `matching.match_coco`.
    pixel_boxes
        Whether the edges of boxes are the first and last pixel, both inside, as in PASCAL VOC; see
        `box_area`.
    max_detections
        With "coco" only: how many of the best detections of a class in an image are looked at. If not given,
        100, as in COCO. PASCAL VOC has no limit.
    area_range
        With "coco" only: (least, greatest) area of the objects that count; detections of another area count
        only if they hit one. COCO's small objects have (0, 32²), its medium ones (32², 96²).

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there are no images, or none with an object that counts; shapes do not match; a box is not finite
        or has its corners exchanged; a score is NaN; an option makes no sense, or belongs to another method.

    References
    ----------
    Everingham et al. (2010), The PASCAL visual object classes (VOC) challenge, section 4.2; Lin et al.
    (2014), Microsoft COCO: common objects in context, and `pycocotools.cocoeval`.

    Examples
    --------
    >>> there = {"boxes": torch.tensor([[0.0, 0.0, 4.0, 4.0], [5.0, 5.0, 9.0, 9.0]]),
    ...          "labels": torch.tensor([0, 0])}
    >>> found = {"boxes": torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0]]),
    ...          "scores": torch.tensor([0.9, 0.8]), "labels": torch.tensor([0, 0])}
    >>> mean_average_precision([found], [there], method="voc10")  # half of the objects, without an error
    0.5
    """
    several = iou_threshold if isinstance(iou_threshold, list | tuple) else [iou_threshold]
    thresholds = [_least_iou(threshold) for threshold in several]
    if not thresholds:
        raise ValueError("iou_threshold: got none, expected at least one number")
    rules = _rules(method, pixel_boxes, max_detections, area_range)
    by_class = _by_class(predictions, targets, rules)
    if not by_class:
        raise ValueError("targets: got no object that counts, expected at least one")
    curves = [_curve(images, rules, t) for t in thresholds for images in by_class.values()]
    return sum(average_precision(c.recall, c.precision, method) for c in curves) / len(curves)


def precision_recall_curves(
    predictions: Sequence[Tensors],
    targets: Sequence[Tensors],
    iou_threshold: float = 0.5,
    method: str = "voc07",
    pixel_boxes: bool = False,
    max_detections: int | None = None,
    area_range: tuple[float, float] | None = None,
) -> dict[int, PrecisionRecall]:
    """Precision and recall of a detector, for each class.

    Detections with equal scores come in the order in which they are given.

    Parameters
    ----------
    predictions, targets, pixel_boxes, max_detections, area_range
        As in `mean_average_precision`.
    iou_threshold
        One number, as there.
    method
        As there; only how detections are matched matters here, so that "voc07" and "voc10" are the same.

    Returns
    -------
    dict
        A curve for each class of which there is an object that counts, in the order of the classes.

    Raises
    ------
    TypeError, ValueError
        As `mean_average_precision`; but no object that counts is no error.

    References
    ----------
    As of `mean_average_precision`.

    Examples
    --------
    >>> there = {"boxes": torch.tensor([[0.0, 0.0, 4.0, 4.0], [5.0, 5.0, 9.0, 9.0]]),
    ...          "labels": torch.tensor([0, 0])}
    >>> found = {"boxes": torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0]]),
    ...          "scores": torch.tensor([0.9, 0.8]), "labels": torch.tensor([0, 0])}
    >>> curve = precision_recall_curves([found], [there])[0]
    >>> curve.recall.tolist(), curve.precision.tolist()
    ([0.5, 0.5], [1.0, 0.5])
    """
    iou_threshold = _least_iou(iou_threshold)
    rules = _rules(method, pixel_boxes, max_detections, area_range)
    by_class = _by_class(predictions, targets, rules)
    return {label: _curve(images, rules, iou_threshold) for label, images in by_class.items()}


def _curve(images: list[_Image], rules: _Rules, iou_threshold: float) -> PrecisionRecall:
    verdicts: list[bool | None] = []
    for image in images:
        matched = rules.matching(image.overlaps, image.ignored, image.crowd, iou_threshold)
        for verdict, outside in zip(matched, image.outside, strict=True):
            verdicts.append(None if outside and verdict is False else verdict)
    counts = torch.tensor([verdict is not None for verdict in verdicts], dtype=torch.bool)
    right = torch.tensor([verdict is True for verdict in verdicts], dtype=torch.float64)[counts]
    scores = torch.cat([image.scores for image in images])[counts]
    order = scores.argsort(descending=True, stable=True)
    found, taken = right[order].cumsum(0), torch.arange(1, len(order) + 1)
    objects = _objects(images)
    return PrecisionRecall(found / objects, found / taken, scores[order], objects)


def _objects(images: list[_Image]) -> int:
    return sum(not ignored for image in images for ignored in image.ignored)


def _by_class(predictions: Any, targets: Any, rules: _Rules) -> dict[int, list[_Image]]:
    """The images class by class, of classes with an object that counts, in their order."""
    predictions = as_images("predictions", predictions, ["boxes", "scores", "labels"])
    targets = as_images("targets", targets, ["boxes", "labels"])
    if len(predictions) != len(targets):
        raise ValueError(
            f"predictions: got {len(predictions)} images, expected {len(targets)}, as in targets"
        )
    by_class: dict[int, list[_Image]] = {}
    for i, (found, there) in enumerate(zip(predictions, targets, strict=True)):
        for label, image in _classes(i, found, there, rules).items():
            by_class.setdefault(label, []).append(image)
    return {label: images for label, images in sorted(by_class.items()) if _objects(images)}


def _classes(i: int, found: Tensors, there: Tensors, rules: _Rules) -> dict[int, _Image]:
    """Image `i`, class by class."""
    name = f"predictions[{i}]"
    boxes = as_boxes(f"{name}['boxes']", found["boxes"]).detach().cpu().double()
    scores = as_scores(f"{name}['scores']", found["scores"], len(boxes)).detach().cpu().double()
    labels = as_labels(f"{name}['labels']", found["labels"], len(boxes)).cpu()
    name = f"targets[{i}]"
    true_boxes = as_boxes(f"{name}['boxes']", there["boxes"]).detach().cpu().double()
    true_labels = as_labels(f"{name}['labels']", there["labels"], len(true_boxes)).cpu()
    marked = torch.zeros(len(true_boxes), dtype=torch.bool)
    if rules.mark in there:
        marked = as_marks(f"{name}[{rules.mark!r}]", there[rules.mark], len(true_boxes)).cpu()
    if (
        rules.other_mark in there
        and as_marks(f"{name}[{rules.other_mark!r}]", there[rules.other_mark], len(true_boxes)).any()
    ):
        raise ValueError(f"{name}: got {rules.other_mark!r}, expected {rules.mark!r} with this method")

    images = {}
    for label in set(labels.tolist()) | set(true_labels.tolist()):
        mine, truth = labels == label, true_labels == label
        best = scores[mine].argsort(descending=True, stable=True)[: rules.most]
        images[label] = _image(boxes[mine][best], scores[mine][best], true_boxes[truth], marked[truth], rules)
    return images


def _image(
    boxes: torch.Tensor, scores: torch.Tensor, truth: torch.Tensor, marked: torch.Tensor, rules: _Rules
) -> _Image:
    overlaps = iou(boxes[:, None], truth, rules.border)  # (D, objects)
    crowd = marked & (rules.mark == "iscrowd")
    if crowd.any():
        share = intersection(boxes[:, None], truth, rules.border) / area(boxes, rules.border)[:, None]
        overlaps = torch.where(crowd, share.nan_to_num(0), overlaps)  # a box without area shares nothing
    outside = torch.zeros(len(boxes), dtype=torch.bool)
    if rules.areas is not None:
        least, greatest = rules.areas
        areas, true_areas = area(boxes, rules.border), area(truth, rules.border)
        outside = (areas < least) | (areas > greatest)
        marked = marked | (true_areas < least) | (true_areas > greatest)
    return _Image(scores, outside.tolist(), overlaps.tolist(), marked.tolist(), crowd.tolist())


def _rules(method: Any, pixel_boxes: Any, max_detections: Any, area_range: Any) -> _Rules:
    coco = choice("method", method, METHODS) == "coco"
    border = int(flag("pixel_boxes", pixel_boxes))
    if coco:
        most = 100 if max_detections is None else positive_int("max_detections", max_detections)
        areas = None if area_range is None else _area_range(area_range)
        return _Rules(match_coco, "iscrowd", "difficult", border, most, areas)
    for name, value in (("max_detections", max_detections), ("area_range", area_range)):
        if value is not None:
            raise ValueError(f"{name}: got {value}, expected None with method={method!r}")
    return _Rules(match_voc, "difficult", "iscrowd", border, None, None)


def _least_iou(iou_threshold: Any) -> float:
    if not 0 < number("iou_threshold", iou_threshold) <= 1:
        raise ValueError(f"iou_threshold: got {iou_threshold}, expected a number above 0, at most 1")
    return float(iou_threshold)


def _area_range(area_range: Any) -> tuple[float, float]:
    if not isinstance(area_range, tuple | list) or len(area_range) != 2:
        raise TypeError(f"area_range: got {describe(area_range)}, expected (least, greatest)")
    least, greatest = (number(f"area_range[{i}]", value) for i, value in enumerate(area_range))
    if not 0 <= least <= greatest:
        raise ValueError(f"area_range: got {area_range}, expected 0 ≤ least ≤ greatest")
    return least, greatest
