"""Checks at the door of the detection functions: which argument, what came, what was expected."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from course_pkg._validate import describe, integers

Tensors = Mapping[str, torch.Tensor]


def as_floats(name: str, values: Any, shape: str) -> torch.Tensor:
    """`values` in float32 or float64; half precision becomes float32, where areas of boxes fit.

    Raises
    ------
    TypeError
        If `values` is not a tensor of floats; `shape` says in the message what it should have been.

    Examples
    --------
    >>> as_floats("scores", torch.zeros(3, dtype=torch.bfloat16), "(N,)").dtype
    torch.float32
    """
    if not isinstance(values, torch.Tensor):
        raise TypeError(f"{name}: got {describe(values)}, expected a tensor, {shape}")
    if not values.is_floating_point():
        raise TypeError(f"{name}: got dtype {values.dtype}, expected floats")
    return values if values.dtype == torch.float64 else values.float()


def as_boxes(name: str, boxes: Any) -> torch.Tensor:
    """Boxes (N, 4), in float32 or float64, all finite, with x0 ≤ x1 and y0 ≤ y1.

    A box may have no width or height, but not a negative one.

    Raises
    ------
    TypeError
        If `boxes` is not a tensor of floats.
    ValueError
        If it has another shape, or a box is not finite or has its corners exchanged.

    Examples
    --------
    >>> as_boxes("boxes", torch.tensor([[0.0, 0.0, 2.0, 2.0], [3.0, 0.0, 1.0, 2.0]]))
    Traceback (most recent call last):
    ...
    ValueError: boxes[1]: got [3.0, 0.0, 1.0, 2.0], expected finite (x0, y0, x1, y1), x0 ≤ x1, y0 ≤ y1
    """
    boxes = as_floats(name, boxes, "(N, 4)")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name}: got shape {tuple(boxes.shape)}, expected (N, 4), also when N is 0")
    good = boxes.isfinite().all(dim=1) & (boxes[:, :2] <= boxes[:, 2:]).all(dim=1)
    if not good.all():
        worst = int(good.int().argmin())
        raise ValueError(
            f"{name}[{worst}]: got {boxes[worst].tolist()}, "
            "expected finite (x0, y0, x1, y1), x0 ≤ x1, y0 ≤ y1"
        )
    return boxes


def as_scores(name: str, scores: Any, n: int) -> torch.Tensor:
    """One score a box, (n,), none of them NaN; see `as_floats`."""
    scores = as_floats(name, scores, "(N,)")
    if scores.shape != (n,):
        raise ValueError(f"{name}: got shape {tuple(scores.shape)}, expected ({n},), one for each box")
    if scores.isnan().any():
        raise ValueError(f"{name}: got NaN at {int(scores.isnan().int().argmax())}, expected numbers")
    return scores


def as_labels(name: str, labels: Any, n: int, classes: int | None = None) -> torch.Tensor:
    """One class a box, (n,), int64; with `classes`, all of them from 0 to `classes` − 1.

    Raises
    ------
    TypeError
        If `labels` is not a tensor of whole numbers.
    ValueError
        If there is not one label a box, or one lies outside the classes.

    Examples
    --------
    >>> as_labels("labels", torch.tensor([3, 20]), 2, classes=20)
    Traceback (most recent call last):
    ...
    ValueError: labels[1]: got 20, expected 0 … 19
    """
    if not isinstance(labels, torch.Tensor):
        raise TypeError(f"{name}: got {describe(labels)}, expected a tensor, (N,)")
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise TypeError(f"{name}: got dtype {labels.dtype}, expected whole numbers, the classes")
    if labels.shape != (n,):
        raise ValueError(f"{name}: got shape {tuple(labels.shape)}, expected ({n},), one for each box")
    labels = labels.long()
    if classes is not None and n:
        good = (labels >= 0) & (labels < classes)
        if not good.all():
            worst = int(good.int().argmin())
            raise ValueError(f"{name}[{worst}]: got {int(labels[worst])}, expected 0 … {classes - 1}")
    return labels


def as_marks(name: str, marks: Any, n: int) -> torch.Tensor:
    """Which of n boxes are marked, (n,), bool; numbers may say it too, 0 for no."""
    if not isinstance(marks, torch.Tensor):
        raise TypeError(f"{name}: got {describe(marks)}, expected a tensor, (N,)")
    if marks.shape != (n,):
        raise ValueError(f"{name}: got shape {tuple(marks.shape)}, expected ({n},), one for each box")
    return marks.bool()


def as_images(name: str, images: Any, keys: Sequence[str]) -> Sequence[Tensors]:
    """A list with one dictionary an image, each with the `keys`.

    Raises
    ------
    TypeError
        If `images` is not a list of dictionaries.
    ValueError
        If it is empty, or a key is missing.

    Examples
    --------
    >>> as_images("targets", [{"boxes": torch.zeros(0, 4)}], ["boxes", "labels"])
    Traceback (most recent call last):
    ...
    ValueError: targets[0]: got no 'labels', expected 'boxes', 'labels'
    """
    wanted = ", ".join(map(repr, keys))
    if not isinstance(images, list | tuple):
        raise TypeError(f"{name}: got {describe(images)}, expected a list of dictionaries, one an image")
    if not images:
        raise ValueError(f"{name}: got an empty list, expected at least one image")
    for i, image in enumerate(images):
        if not isinstance(image, Mapping):
            raise TypeError(f"{name}[{i}]: got {describe(image)}, expected a dictionary with {wanted}")
        for key in keys:
            if key not in image:
                raise ValueError(f"{name}[{i}]: got no {key!r}, expected {wanted}")
    return images


def as_image_size(image_size: Any) -> tuple[int, int]:
    """(height, width) in pixels; one number for both, as everywhere."""
    height, width = integers("image_size", image_size, rank=2, minimum=1)
    return height, width
