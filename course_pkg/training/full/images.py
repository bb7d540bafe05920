"""What AlexNet and VGG learn from: small images on the device, or ImageNet's photographs on the disk."""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg._validate import choice
from course_pkg.data.digits import mnist_digits
from course_pkg.data.files import read_square
from course_pkg.data.image_sets import DIGIT_CLASSES, ImageSet, cifar10
from course_pkg.data.imagenet import LabelledPhotographs, imagenet
from course_pkg.data.registry import DataUnavailable
from course_pkg.training.batches import Batch, examples_of
from course_pkg.training.cards import data_sha256
from course_pkg.training.experiment import Task
from course_pkg.training.held_out import HeldOut, answers
from course_pkg.training.metrics import top_k_error
from course_pkg.training.precision import best_device, device_of
from course_pkg.training.resident import centre_view, resident_batches
from course_pkg.training.workers import WorkerBatches, read_ahead, worker_count

WATCHED = 2000  # examples of the test set that are looked at for a learning curve
DATA = ("digits", "cifar10", "imagenet")


class Look(NamedTuple):
    """How the images of a set are looked at."""

    size: int
    """Height and width of what the network gets."""
    crop: int
    """Side of the square that is cut out, in pixels of the image."""
    padding: int = 0
    """How far it may reach beyond the edge."""
    flip: bool = True
    """Whether every other image is mirrored."""

    def in_words(self) -> str:
        moved = f"moved by up to {self.padding}" if self.padding else "anywhere"
        mirrored = ", every other one mirrored" if self.flip else ""
        return f"squares of {self.crop} pixels, {moved}, brought to {self.size}{mirrored}"


class Images(NamedTuple):
    """A set of images with classes."""

    examples: int
    """How many there are to train on."""
    classes: int
    look: Look
    task: Callable[[float], Task]
    """Given by how much labels are smoothed. It loads the images."""


def images(data: str, size: int, folder: Path | None = None) -> Images:
    """One of the sets, for a network that gets images of `size`.

    Parameters
    ----------
    data
        "digits", "cifar10" or "imagenet".
    size
        Height and width.
    folder
        Where the set was unpacked: ImageNet in its official layout, perhaps with `ILSVRC2012_devkit_t12`
        beside `train` and `val`; CIFAR-10, if it was not fetched.

    Raises
    ------
    ValueError
        If there is no such set, or it takes no folder.
    DataUnavailable
        If ImageNet's folder is not given, or not there.

    Examples
    --------
    >>> images("cifar10", 227).look.in_words()
    'squares of 32 pixels, moved by up to 4, brought to 227, every other one mirrored'
    """
    choice("data", data, DATA)
    if data == "imagenet":
        return _imagenet(folder, size)
    if data == "cifar10":
        look = Look(size, crop=32, padding=4)
        words = "CIFAR-10: 50,000 photographs to train on, 10,000 to test on"
        return Images(50_000, 10, look, lambda smoothing: _on_device(cifar10(folder), words, look, smoothing))
    if folder is not None:
        raise ValueError(f"folder: got {folder}, expected none: the digits come inside a package")
    look = Look(size, crop=28, padding=2, flip=False)
    words = "5,000 digits of MNIST: 4,000 to train on, 1,000 to test on"
    return Images(4_000, 10, look, lambda smoothing: _on_device(_digits(), words, look, smoothing))


def _digits() -> ImageSet:
    x_train, y_train, x_test, y_test = mnist_digits()
    coloured = [(255 * x).round().astype(np.uint8).repeat(3, axis=1) for x in (x_train, x_test)]
    return ImageSet(coloured[0], y_train, coloured[1], y_test, DIGIT_CLASSES)


def _on_device(small: ImageSet, words: str, look: Look, smoothing: float) -> Task:
    x_test, y_test = (torch.from_numpy(part).to(best_device()) for part in (small.x_test, small.y_test))

    def read(which: np.ndarray) -> Batch:
        return centre_view(examples_of(x_test, which), look.size, look.crop), examples_of(y_test, which)

    held_out = HeldOut(small.classes, len(x_test), read)
    watched = min(WATCHED, len(x_test))
    return Task(
        data=words,
        data_sha256=data_sha256(*small[:4]),
        batches=lambda size, seed: resident_batches(small.x_train, small.y_train, size, seed=seed),
        loss=functools.partial(F.cross_entropy, label_smoothing=smoothing),
        measure=lambda net: _errors(answers(net, held_out)),
        watch=lambda net: _errors(answers(net, held_out, watched), f"_of_{watched}"),
        held_out=held_out,
    )


def _imagenet(folder: Path | None, size: int) -> Images:
    if folder is None:
        raise DataUnavailable(
            "imagenet: say where it was unpacked, the folder around train and val (--folder)"
        )
    kit = folder / "ILSVRC2012_devkit_t12"
    try:
        train, test = (imagenet(folder, split, kit if kit.is_dir() else None) for split in ("train", "val"))
    except FileNotFoundError as missing:
        raise DataUnavailable(f"imagenet: {missing}") from missing
    if train.synsets != test.synsets:
        of_each = f"{len(train.synsets)} in train, {len(test.synsets)} in val"
        raise DataUnavailable(f"imagenet: {folder} has other classes in val than in train ({of_each})")
    look, side = Look(size, crop=size), min(256, size * 8 // 7)  # the paper: 256, of which 224 are seen

    return Images(
        len(train), len(train.synsets), look, lambda smoothing: _on_disk(train, test, side, look, smoothing)
    )


def _on_disk(
    train: LabelledPhotographs, test: LabelledPhotographs, side: int, look: Look, smoothing: float
) -> Task:
    def scored(net: nn.Module, count: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        device, parts = device_of(net), np.array_split(np.arange(count), -(-count // 100))
        for x, y in read_ahead(functools.partial(_read_squares, test, side), parts, worker_count()):
            yield net(centre_view(x.to(device), look.size, look.crop)), y.to(device)

    def read(which: np.ndarray) -> Batch:
        x, y = _read_squares(test, side, which)
        return centre_view(x, look.size, look.crop), y

    def batches(size: int, seed: int) -> WorkerBatches:
        squares = functools.partial(_read_squares, train, side)
        return WorkerBatches(squares, len(train), size, seed, workers=worker_count())

    watched = min(WATCHED, len(test))
    return Task(
        data=f"ImageNet: {len(train):,} photographs of {len(train.synsets):,} classes to train on, "
        f"{len(test):,} to test on",
        data_sha256=data_sha256(*(part for each in (train, test) for part in (_names(each), each.labels))),
        batches=batches,
        loss=functools.partial(F.cross_entropy, label_smoothing=smoothing),
        measure=lambda net: _errors(scored(net, len(test))),
        watch=lambda net: _errors(scored(net, watched), f"_of_{watched}"),
        held_out=HeldOut(train.names, len(test), read),
    )


def _read_squares(photographs: LabelledPhotographs, side: int, which: np.ndarray) -> Batch:
    """Bytes, (N, 3, side, side), and classes."""
    squares = np.stack([read_square(photographs.files[i], side) for i in which])
    return torch.from_numpy(squares), torch.from_numpy(photographs.labels[which])


def _names(photographs: LabelledPhotographs) -> np.ndarray:
    return np.frombuffer("\n".join(file.name for file in photographs.files).encode(), np.uint8)


def _errors(scored: Iterable[tuple[torch.Tensor, torch.Tensor]], suffix: str = "") -> dict[str, float]:
    """The share of wrong examples, from scores and classes; of many classes also of the best five."""
    wrong, count = Counter[str](), 0
    for scores, y in scored:
        for k, name in ((1, "test_error"), (5, "test_top5_error"))[: 2 if scores.shape[1] > 10 else 1]:
            wrong[name + suffix] += round(top_k_error(scores, y, k) * len(y))
        count += len(y)
    return {name: number / count for name, number in wrong.items()}
