"""Photographs of PASCAL VOC as networks take them: all of one size, cut out here and there to learn from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from course_pkg.data.scenes import SceneBatch
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
from course_pkg.training.scenes.device_batches import NO_CLASS
from course_pkg.training.voc.parts import Part, Seen, random_part, see
from course_pkg.training.workers import WorkerBatches, worker_count


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
