"""Parts of photographs of PASCAL VOC, brought to size, with what is known of them."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from course_pkg.data.scenes import VOID
from course_pkg.data.voc import DetectionExample, SegmentationExample

GREATEST_CUT = 0.2  # share of a side that is left out at either end, as in YOLO's paper

Part = tuple[float, float, float, float]  # left, top, right and bottom of what is cut out of a photograph


class Seen(NamedTuple):
    """A part of a photograph, brought to size."""

    image: np.ndarray
    """Red, green and blue, uint8, (3, side, side)."""
    boxes: np.ndarray
    """Of the objects whose middle is in it, in its pixels, float32, (M, 4)."""
    labels: np.ndarray
    """Their classes, int64, (M,)."""
    difficult: np.ndarray
    """Which need not be found, bool, (M,)."""
    mask: np.ndarray
    """Of each pixel the class, or 255 where it is not known, uint8, (side, side)."""


def random_part(rng: np.random.Generator, size: tuple[int, ...]) -> Part:
    """A part of a photograph of this height and width: up to a fifth is left out at each of the four edges.

    Examples
    --------
    >>> left, top, right, bottom = random_part(np.random.default_rng(0), (100, 200))
    >>> 0 <= left <= 40 and 160 <= right <= 200 and 0 <= top <= 20 and 80 <= bottom <= 100
    True
    """
    height, width = size
    left, top, right, bottom = (rng.uniform(0, GREATEST_CUT, 4) * (width, height, width, height)).tolist()
    return left, top, width - right, height - bottom


def see(
    example: DetectionExample | SegmentationExample, part: Part, side: int, mirrored: bool = False
) -> Seen:
    """A part of a photograph, brought to a square, and what is known of it.

    Parameters
    ----------
    example
        From `voc_detection`: there is no mask then, it is 255 everywhere; or from `voc_segmentation`: there
        are no boxes then.
    part
        Its left, top, right and bottom edge, in pixels.
    side
        Height and width of the square.
    mirrored
        Whether left and right are exchanged.

    Returns
    -------
    Seen
        Boxes end at its edges; objects whose middle is outside are left out.
    """
    photograph = Image.fromarray((example.image * 255).round().astype(np.uint8).transpose(1, 2, 0))
    image = np.asarray(photograph.resize((side, side), Image.Resampling.BILINEAR, box=part))
    mask = np.full((side, side), VOID, np.uint8)
    boxes, labels = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    difficult = np.zeros(0, bool)
    if isinstance(example, SegmentationExample):
        nearest = Image.fromarray(example.mask).resize((side, side), Image.Resampling.NEAREST, box=part)
        mask = np.asarray(nearest)
    else:
        left, top, right, bottom = part
        scale = np.array([side / (right - left), side / (bottom - top)] * 2, np.float32)
        moved = (example.objects.boxes - np.array([left, top] * 2, np.float32)) * scale
        middle = (moved[:, :2] + moved[:, 2:]) / 2
        inside = ((middle > 0) & (middle < side)).all(axis=1)
        boxes = moved[inside].clip(0, side)
        labels, difficult = example.objects.labels[inside], example.objects.difficult[inside]
    if mirrored:
        image, mask = image[:, ::-1], mask[:, ::-1]
        boxes = np.stack([side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3]], axis=1)
    return Seen(image.transpose(2, 0, 1), boxes, labels, difficult, mask)
