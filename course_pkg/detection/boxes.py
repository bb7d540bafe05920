"""Boxes: two ways to write them, their areas, and how much two of them overlap.

A box is (x0, y0, x1, y1): its left, top, right and bottom edge, x to the right and y down, in any unit.
"""

import torch

from course_pkg._validate import flag
from course_pkg.detection._checks import as_boxes, as_floats


def xyxy_to_cxcywh(boxes: torch.Tensor) -> torch.Tensor:
    """Boxes by centre and size, from boxes by their edges.

    Parameters
    ----------
    boxes
        (x0, y0, x1, y1) along the last axis, shape (…, 4), floats.

    Returns
    -------
    Tensor, (…, 4)
        Centre and size, (x, y, w, h).

    Raises
    ------
    TypeError
        If `boxes` is not a tensor of floats.
    ValueError
        If its last axis is not 4 long.

    Examples
    --------
    >>> xyxy_to_cxcywh(torch.tensor([2.0, 1.0, 6.0, 3.0]))
    tensor([4., 2., 4., 2.])
    """
    start, end = _halves(boxes)
    return torch.cat([(start + end) / 2, end - start], dim=-1)


def cxcywh_to_xyxy(boxes: torch.Tensor) -> torch.Tensor:
    """Boxes by their edges, from boxes by centre and size.

    Parameters
    ----------
    boxes
        Centre and size, (x, y, w, h), along the last axis, shape (…, 4), floats.

    Returns
    -------
    Tensor, (…, 4)
        (x0, y0, x1, y1).

    Raises
    ------
    TypeError, ValueError
        As `xyxy_to_cxcywh`.

    Examples
    --------
    >>> cxcywh_to_xyxy(torch.tensor([4.0, 2.0, 4.0, 2.0]))
    tensor([2., 1., 6., 3.])
    """
    centre, size = _halves(boxes)
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def box_area(boxes: torch.Tensor, pixel_boxes: bool = False) -> torch.Tensor:
    """Area of each box.

    Parameters
    ----------
    boxes
        (x0, y0, x1, y1), shape (N, 4), floats, x0 ≤ x1 and y0 ≤ y1.
    pixel_boxes
        Whether the edges are the first and last pixel, both inside the box, so that its width is
        x1 − x0 + 1. That is how PASCAL VOC counts; else edges are lines, and the width is x1 − x0.

    Returns
    -------
    Tensor, (N,)
        In float64 if the boxes are, else in float32.

    Raises
    ------
    TypeError
        If `boxes` is not a tensor of floats.
    ValueError
        If it does not have shape (N, 4), or a box is not finite or has its corners exchanged.

    Examples
    --------
    >>> box = torch.tensor([[2.0, 1.0, 6.0, 3.0]])
    >>> box_area(box).item(), box_area(box, pixel_boxes=True).item()
    (8.0, 15.0)
    """
    return area(as_boxes("boxes", boxes), _border(pixel_boxes))


def box_iou(boxes1: torch.Tensor, boxes2: torch.Tensor, pixel_boxes: bool = False) -> torch.Tensor:
    """Intersection over union of each box of one set with each box of another.

    Two boxes of area 0 have IoU 0, even if they are the same. Gradients flow to both sets.

    Parameters
    ----------
    boxes1, boxes2
        (x0, y0, x1, y1), shapes (N, 4) and (M, 4), floats, x0 ≤ x1 and y0 ≤ y1.
    pixel_boxes
        As in `box_area`; boxes that end on neighbouring pixels then touch without overlapping.

    Returns
    -------
    Tensor, (N, M)
        Between 0 and 1, in float64 if the boxes are, else in float32.

    Raises
    ------
    TypeError, ValueError
        As `box_area`.

    References
    ----------
    Everingham et al. (2010), The PASCAL visual object classes (VOC) challenge, section 4.2.

    Examples
    --------
    >>> a = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    >>> b = torch.tensor([[2.0, 0.0, 6.0, 4.0], [0.0, 0.0, 4.0, 2.0], [4.0, 0.0, 8.0, 4.0]])
    >>> box_iou(a, b)
    tensor([[0.3333, 0.5000, 0.0000]])
    """
    boxes1, boxes2 = as_boxes("boxes1", boxes1), as_boxes("boxes2", boxes2)
    return iou(boxes1[:, None], boxes2, _border(pixel_boxes))


def area(boxes: torch.Tensor, border: int = 0) -> torch.Tensor:
    """`box_area` of boxes (…, 4), unchecked; `border` is what counts beyond x1 − x0: 1 for pixels, else 0."""
    return (boxes[..., 2:] - boxes[..., :2] + border).prod(dim=-1)


def intersection(a: torch.Tensor, b: torch.Tensor, border: int = 0) -> torch.Tensor:
    """Area that boxes (…, 4) and (…, 4) share, unchecked; the leading axes broadcast."""
    start = torch.maximum(a[..., :2], b[..., :2])
    end = torch.minimum(a[..., 2:], b[..., 2:])
    return (end - start + border).clamp(min=0).prod(dim=-1)


def iou(a: torch.Tensor, b: torch.Tensor, border: int = 0) -> torch.Tensor:
    """`box_iou` of boxes (…, 4) and (…, 4), unchecked; the leading axes broadcast."""
    shared = intersection(a, b, border)
    union = area(a, border) + area(b, border) - shared
    return shared / union.clamp(min=torch.finfo(union.dtype).tiny)  # 0 / 0 is 0


def _border(pixel_boxes: bool) -> int:
    return int(flag("pixel_boxes", pixel_boxes))


def _halves(boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    boxes = as_floats("boxes", boxes, "(…, 4)")
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        raise ValueError(f"boxes: got shape {tuple(boxes.shape)}, expected (…, 4)")
    return boxes[..., :2], boxes[..., 2:]
