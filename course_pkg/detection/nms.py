"""Non-maximum suppression: of several boxes around one thing, keep the one with the highest score."""

import numpy as np
import torch

from course_pkg._validate import number
from course_pkg.detection._checks import as_boxes, as_labels, as_scores
from course_pkg.detection.boxes import iou

_ROWS = 500  # boxes that are compared with all others at once: many would not fit into memory


def nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Keep the best box, strike out those that overlap it too much, and so on with the rest.

    Parameters
    ----------
    boxes
        (x0, y0, x1, y1), shape (N, 4), floats, x0 ≤ x1 and y0 ≤ y1.
    scores
        Shape (N,), floats. Of boxes with equal scores the first is taken for the better one.
    iou_threshold
        Between 0 and 1. A box whose IoU with one that is kept is *more* than this is struck out.

    Returns
    -------
    Tensor, (K,), int64
        Indices of the boxes that are kept, best first.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If shapes do not match, a box is not finite or has its corners exchanged, a score is NaN, or the
        threshold lies outside 0 … 1.

    References
    ----------
    Felzenszwalb et al. (2010), Object detection with discriminatively trained part-based models, section 7.2.

    Examples
    --------
    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0], [5.0, 0.0, 9.0, 4.0]])
    >>> nms(boxes, torch.tensor([0.6, 0.9, 0.3]), iou_threshold=0.5)
    tensor([1, 2])
    """
    boxes = as_boxes("boxes", boxes)
    scores = as_scores("scores", scores, len(boxes))
    return _nms(boxes, scores, _share("iou_threshold", iou_threshold))


def batched_nms(
    boxes: torch.Tensor, scores: torch.Tensor, idxs: torch.Tensor, iou_threshold: float
) -> torch.Tensor:
    """`nms` within each class: boxes of different classes do not strike each other out.

    Parameters
    ----------
    boxes, scores, iou_threshold
        As in `nms`.
    idxs
        The class of each box, or whatever else keeps boxes apart, shape (N,), whole numbers.

    Returns
    -------
    Tensor, (K,), int64
        Indices of the boxes that are kept, of all classes, best first.

    Raises
    ------
    TypeError, ValueError
        As `nms`; also if `idxs` is not one whole number a box.

    Examples
    --------
    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0], [0.0, 0.0, 4.0, 4.0]])
    >>> batched_nms(boxes, torch.tensor([0.6, 0.9, 0.7]), torch.tensor([0, 0, 1]), iou_threshold=0.5)
    tensor([1, 2])
    """
    boxes = as_boxes("boxes", boxes)
    scores = as_scores("scores", scores, len(boxes))
    idxs = as_labels("idxs", idxs, len(boxes))
    iou_threshold = _share("iou_threshold", iou_threshold)
    kept = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
    for each in idxs.unique():
        members = (idxs == each).nonzero()[:, 0]
        kept[members[_nms(boxes[members], scores[members], iou_threshold)]] = True
    order = scores.argsort(descending=True, stable=True)
    return order[kept[order]]


@torch.no_grad()
def _nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    order = scores.argsort(descending=True, stable=True)
    ranked, left = boxes[order], np.ones(len(order), dtype=bool)  # left: kept, or not yet struck out
    for start in range(0, len(order), _ROWS):
        overlap = iou(ranked[start : start + _ROWS, None], ranked)  # (rows, N)
        strikes = (overlap > iou_threshold).cpu().numpy()
        for rank, struck in enumerate(strikes, start):
            if left[rank]:
                left[rank + 1 :] &= ~struck[rank + 1 :]
    return order[torch.from_numpy(left).to(order.device)]


def _share(name: str, value: float) -> float:
    if not 0 <= number(name, value) <= 1:
        raise ValueError(f"{name}: got {value}, expected a number between 0 and 1")
    return float(value)
