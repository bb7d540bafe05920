"""The loss that YOLO is trained with: squared errors, weighed against each other."""

from typing import NamedTuple

import torch

from course_pkg._validate import number
from course_pkg.detection.boxes import iou
from course_pkg.detection.targets import cell_boxes, split_cells

_STEEP = 1e-3  # half a pixel of 448, in shares of the image's side


class LossTerms(NamedTuple):
    """The five sums of equation 3, in its order, weighed, each a mean over the images and so of shape ()."""

    centre: torch.Tensor
    """Where the responsible boxes lie in their cells, times `lambda_coord`."""
    size: torch.Tensor
    """How wide and high the responsible boxes are, times `lambda_coord`."""
    confidence: torch.Tensor
    """Confidence of the responsible boxes."""
    background: torch.Tensor
    """Confidence of all other boxes, times `lambda_noobj`."""
    classes: torch.Tensor
    """Classes of the cells that have an object."""


def yolo_loss(
    predictions: torch.Tensor,
    targets: torch.Tensor,
    boxes: int = 2,
    lambda_coord: float = 5.0,
    lambda_noobj: float = 0.5,
) -> torch.Tensor:
    """The sum of `yolo_loss_terms`, which see.

    Parameters
    ----------
    predictions
        Output of the network, shape (N, S, S, 5·B + C), floats.
    targets
        What it should have been, of the same shape, from `encode_targets`.
    boxes
        B, the number of boxes a cell predicts.
    lambda_coord, lambda_noobj
        Weights of the coordinates of objects and of the confidence where there is none, at least 0.

    Returns
    -------
    Tensor, ()
        Mean over the images of the paper's sum over cells.

    Raises
    ------
    TypeError, ValueError
        As `yolo_loss_terms`.

    References
    ----------
    Redmon et al. (2016), You only look once, equation 3.

    Examples
    --------
    >>> cell = torch.tensor([0.5, 0.5, 0.25, 0.16, 1.0, 1.0, 0.0]).view(1, 1, 1, 7)
    >>> guess = torch.tensor([0.5, 0.5, 0.25, 0.36, 0.0, 1.0, 0.0]).view(1, 1, 1, 7)
    >>> yolo_loss(guess, cell, boxes=1)  # 5 (0.6 − 0.4)² for the height + (0 − IoU)², IoU = 0.16 / 0.36
    tensor(0.3975)
    """
    return torch.stack(yolo_loss_terms(predictions, targets, boxes, lambda_coord, lambda_noobj)).sum()


def yolo_loss_terms(
    predictions: torch.Tensor,
    targets: torch.Tensor,
    boxes: int = 2,
    lambda_coord: float = 5.0,
    lambda_noobj: float = 0.5,
) -> LossTerms:
    """What the predictions of a YOLO network have wrong, term by term.

    In a cell with an object the box with the highest IoU with it is *responsible*: it alone learns from the
    object's place and size, and its confidence is to be that IoU. If none overlaps the object, the nearest
    is (least squared error of x, y, w, h), much as in the authors' program. No gradient flows through IoU.
    All other boxes are to have confidence 0.

    Sizes are compared by their roots, so that the same error counts more in a small box. √ is infinitely
    steep at 0 and has no value below, but a network may predict either. Therefore √ of a negative number is
    −√ of its opposite here, and from −10⁻³ to 10⁻³ of the image's side √ goes along a straight line.

    Parameters
    ----------
    predictions, targets, boxes, lambda_coord, lambda_noobj
        As in `yolo_loss`.

    Returns
    -------
    LossTerms
        Five numbers; `yolo_loss` is their sum.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the tensors have different shapes, or not (N, S, S, 5·B + C) with N and C at least 1, or a weight
        is negative.

    References
    ----------
    Redmon et al. (2016), You only look once, equation 3.

    Examples
    --------
    >>> cell = torch.tensor([0.5, 0.5, 0.25, 0.16, 1.0, 1.0, 0.0]).view(1, 1, 1, 7)
    >>> guess = torch.tensor([0.5, 0.5, 0.25, 0.36, 0.0, 1.0, 0.0]).view(1, 1, 1, 7)
    >>> {name: round(term.item(), 4) for name, term in yolo_loss_terms(guess, cell, 1)._asdict().items()}
    {'centre': 0.0, 'size': 0.2, 'confidence': 0.1975, 'background': 0.0, 'classes': 0.0}
    """
    predicted, predicted_classes = split_cells("predictions", predictions, boxes)  # (N, S, S, B, 5), (…, C)
    truth, true_classes = split_cells("targets", targets, boxes)
    if targets.shape != predictions.shape:
        raise ValueError(
            f"targets: got shape {tuple(targets.shape)}, expected {tuple(predictions.shape)}, as predictions"
        )
    if len(predictions) == 0:
        raise ValueError(f"predictions: got shape {tuple(predictions.shape)}, expected at least one image")
    for name, weight in (("lambda_coord", lambda_coord), ("lambda_noobj", lambda_noobj)):
        if not number(name, weight) >= 0:
            raise ValueError(f"{name}: got {weight}, expected a number of at least 0")

    has_object = truth[..., 4] > 0  # (N, S, S, B)
    overlap, responsible = _responsible(predicted.detach(), truth, has_object)

    centre = (predicted[..., :2] - truth[..., :2]).square().sum(dim=-1)  # (N, S, S, B)
    size = (root(predicted[..., 2:4]) - root(truth[..., 2:4])).square().sum(dim=-1)
    confidence = (predicted[..., 4] - overlap).square()
    background = predicted[..., 4].square()
    classes = (predicted_classes - true_classes).square().sum(dim=-1)  # (N, S, S)

    images = len(predictions)
    return LossTerms(
        centre=lambda_coord * (centre * responsible).sum() / images,
        size=lambda_coord * (size * responsible).sum() / images,
        confidence=(confidence * responsible).sum() / images,
        background=lambda_noobj * (background * ~responsible).sum() / images,
        classes=(classes * has_object[..., 0]).sum() / images,
    )


def root(x: torch.Tensor) -> torch.Tensor:
    """√x, and −√−x for numbers below 0; a straight line from −10⁻³ to 10⁻³, where it would grow too steep.

    Examples
    --------
    >>> root(torch.tensor([0.25, 0.001, 0.0, -0.001, -0.25]))
    tensor([ 0.5000,  0.0316,  0.0000, -0.0316, -0.5000])
    """
    return x / x.abs().clamp(min=_STEEP).sqrt()


def _responsible(
    predicted: torch.Tensor, truth: torch.Tensor, has_object: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """IoU of each box with its cell's object, (N, S, S, B), and which boxes are responsible."""
    # both boxes belong to one cell, so they may be counted from its corner
    overlap = iou(cell_boxes(predicted, across_image=False), cell_boxes(truth, across_image=False))
    distance = (predicted[..., :4] - truth[..., :4]).square().sum(dim=-1)
    none_overlaps = overlap.amax(dim=-1, keepdim=True) == 0
    best = torch.where(none_overlaps, -distance, overlap).argmax(dim=-1, keepdim=True)
    chosen = torch.zeros_like(has_object).scatter(-1, best, value=True)
    return overlap, chosen & has_object
