"""Photographs of PASCAL VOC as networks take them: all of one size, cut out here and there to learn from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from course_pkg.data.scenes import VOID, SceneBatch
from course_pkg.data.voc import (
    CLASSES,
    DetectionExample,
    Examples,
    SegmentationExample,
    release_folder,
    voc_detection,
    voc_segmentation,
)
from course_pkg.detection import encode_targets
from course_pkg.training.batches import Batch, as_floats
from course_pkg.training.device_batches import NO_CLASS
from course_pkg.training.workers import WorkerBatches, worker_count

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


@dataclass(frozen=True)
class VOCPhotographs:
    """Whole photographs, whatever their shape brought to a square, to measure a network by.

    IoU is the same before and after; of masks, pixels of the square are counted, not of the photograph.

    Examples
    --------
    >>> VOCPhotographs(Examples((), voc_detection), side=448).classes[:3]
    ('aeroplane', 'bicycle', 'bird')
    """

    examples: Examples[DetectionExample] | Examples[SegmentationExample]
    """From `voc_detection` or `voc_segmentation`."""
    side: int
    """Height and width of the squares."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return CLASSES

    def __len__(self) -> int:
        return len(self.examples)

    def batch(self, indices: Iterable[int]) -> SceneBatch:
        """The photographs of these numbers."""
        seen = []
        for index in indices:
            example = self.examples[index]
            height, width = example.image.shape[1:]
            seen.append(see(example, (0, 0, width, height), self.side))
        return SceneBatch(
            images=np.stack([one.image for one in seen]) / np.float32(255),
            boxes=[one.boxes for one in seen],
            labels=[one.labels for one in seen],
            masks=np.stack([one.mask for one in seen]),
            difficult=[one.difficult for one in seen],
        )


def voc_splits(folder: str | Path) -> tuple[str, str]:
    """Names of the lists to train on and to test on.

    They are "trainval" and "test" of VOC 2007, and "train" and "val" of later releases, of which the truth
    about the test photographs was never published.

    Raises
    ------
    FileNotFoundError, ValueError
        As `voc_detection`.
    """
    seventh = release_folder(Path(folder), "Annotations").name == "VOC2007"
    return ("trainval", "test") if seventh else ("train", "val")


def voc_detection_batches(
    folder: str | Path,
    split: str,
    side: int,
    batch_size: int,
    *,
    grid: int = 7,
    boxes: int = 2,
    seed: int = 0,
) -> WorkerBatches:
    """Parts of photographs with the grids of numbers that a YOLO network is to give for them.

    Objects that are marked difficult are left out, as in the authors' program.

    Parameters
    ----------
    folder, split
        As in `voc_detection`.
    side
        Height and width of the images.
    batch_size
        Images to a batch.
    grid, boxes
        S and B of the network.
    seed
        Of the order, and of what is cut out.

    Returns
    -------
    WorkerBatches
        Images in bytes, (N, 3, side, side), and targets (N, S, S, 5·B + 20).

    Raises
    ------
    FileNotFoundError, ValueError
        As `voc_detection`.
    """
    examples = voc_detection(folder, split)

    def answer(parts: list[Seen], labels: list[int]) -> torch.Tensor:
        targets = []
        for part in parts:
            clear = ~part.difficult
            known = {"boxes": part.boxes[clear], "labels": part.labels[clear]}
            targets.append({name: torch.from_numpy(values) for name, values in known.items()})
        return encode_targets(targets, side, grid, boxes, len(CLASSES))

    return _worker_batches(examples, _anywhere, answer, side, batch_size, seed)


def voc_segmentation_batches(
    folder: str | Path, split: str, side: int, batch_size: int, *, seed: int = 0
) -> WorkerBatches:
    """Parts of photographs with the class of each pixel; see `voc_detection_batches`.

    Returns
    -------
    WorkerBatches
        Images in bytes, (N, 3, side, side), and masks (N, side, side), int64, for `pixel_loss`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `voc_segmentation`.
    """
    examples = voc_segmentation(folder, split)

    def answer(parts: list[Seen], labels: list[int]) -> torch.Tensor:
        return torch.from_numpy(np.stack([part.mask for part in parts]).astype(np.int64))

    return _worker_batches(examples, _anywhere, answer, side, batch_size, seed)


def voc_object_batches(
    folder: str | Path, split: str, side: int, batch_size: int, *, seed: int = 0
) -> WorkerBatches:
    """One object of each photograph, with a little of what is around it, and its class.

    Returns
    -------
    WorkerBatches
        Images in bytes, (N, 3, side, side), and classes (N,), int64; `NO_CLASS` of a photograph of which all
        objects are difficult.

    Raises
    ------
    FileNotFoundError, ValueError
        As `voc_detection`.
    """
    examples = voc_detection(folder, split)

    return _worker_batches(
        examples, _one_object, lambda parts, labels: torch.tensor(labels), side, batch_size, seed
    )


def colours_change() -> Callable[[torch.Tensor, torch.Tensor], Batch]:
    """Bytes to floats 0 … 1, brighter or darker and more or less coloured by up to 1.5, on the device.

    Notes
    -----
    Source: Redmon et al. (2016), You only look once, section 2.2.

    Examples
    --------
    >>> x, y = colours_change()(torch.full((2, 3, 8, 8), 100, dtype=torch.uint8), torch.zeros(2))
    >>> x.dtype, x.shape
    (torch.float32, torch.Size([2, 3, 8, 8]))
    """
    from kornia.augmentation import ColorJiggle

    jiggle = ColorJiggle(brightness=(2 / 3, 1.5), saturation=(2 / 3, 1.5))

    @torch.no_grad()
    def apply(x: torch.Tensor, y: torch.Tensor) -> Batch:
        return jiggle(as_floats(x)), y

    return apply


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


class _Pick(NamedTuple):
    part: Part
    label: int = NO_CLASS  # of the object that it was picked for


def _anywhere(example: DetectionExample | SegmentationExample, rng: np.random.Generator) -> _Pick:
    return _Pick(random_part(rng, example.image.shape[1:]))


def _one_object(example: DetectionExample, rng: np.random.Generator) -> _Pick:
    height, width = example.image.shape[1:]
    clear = np.flatnonzero(~example.objects.difficult)
    if len(clear) == 0:
        return _Pick((0, 0, width, height))
    chosen = rng.choice(clear)
    x0, y0, x1, y1 = example.objects.boxes[chosen].astype(float)
    left, top, right, bottom = rng.uniform(0, 0.3, 4) * ([x1 - x0, y1 - y0] * 2)
    part = max(x0 - left, 0), max(y0 - top, 0), min(x1 + right, width), min(y1 + bottom, height)
    return _Pick(part, int(example.objects.labels[chosen]))


def _worker_batches(
    examples: Examples,
    pick: Callable[..., _Pick],
    answer: Callable[[list[Seen], list[int]], torch.Tensor],
    side: int,
    batch_size: int,
    seed: int,
) -> WorkerBatches:
    def read(which: np.ndarray) -> Batch:
        parts, labels = [], []
        for number in which.tolist():
            rng = np.random.default_rng([seed, number])
            example = examples[number % len(examples)]
            picked = pick(example, rng)
            labels.append(picked.label)
            parts.append(see(example, picked.part, side, mirrored=bool(rng.random() < 0.5)))
        return torch.from_numpy(np.stack([part.image for part in parts])), answer(parts, labels)

    return WorkerBatches(
        read, len(examples), min(batch_size, len(examples)), seed, fresh=True, workers=worker_count()
    )
