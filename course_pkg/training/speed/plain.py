"""What the course's loop is compared with: the loop of a tutorial, which nobody has made fast.

float32, images laid out as they come, `torch.utils.data.DataLoader` with worker processes, each image
cropped, mirrored and resized by Pillow on the CPU, the optimiser as PyTorch makes it. A step does what one of
PyTorch's own examples does, reading the loss behind it included; the number of workers (4, if there are so
many cores) and pinned memory are those of its ImageNet example.
"""

import itertools
import os
import random
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from course_pkg.training.speed.stopwatch import Stopwatch

WORKERS = 4


class PillowImages(Dataset[tuple[torch.Tensor, int]]):
    """Small images as a tutorial would read them: one at a time, by Pillow.

    Parameters
    ----------
    x
        uint8, (N, 3, H, W).
    y
        Their classes, (N,).
    size
        Height and width of what comes out.
    padding
        How far an image moves at most; every other one is mirrored.

    Examples
    --------
    >>> images = PillowImages(np.zeros((5, 3, 32, 32), np.uint8), np.arange(5), size=48, padding=4)
    >>> x, y = images[3]
    >>> len(images), x.shape, x.dtype, y
    (5, torch.Size([3, 48, 48]), torch.float32, 3)
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, size: int, padding: int) -> None:
        self.x, self.y, self.size, self.padding = x, y, size, padding

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        pixels = self.x[i].transpose(1, 2, 0)  # (3, H, W) -> (H, W, 3)
        height, width = pixels.shape[:2]
        wide = ImageOps.expand(Image.fromarray(pixels), self.padding)
        left, top = random.randint(0, 2 * self.padding), random.randint(0, 2 * self.padding)
        image = wide.crop((left, top, left + width, top + height))
        if random.random() < 0.5:
            image = ImageOps.mirror(image)
        if image.size != (self.size, self.size):
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255, int(self.y[i])


def loader(images: PillowImages, batch_size: int, device: torch.device) -> Iterable[Any]:
    """Their batches, shuffled, made by worker processes."""
    return DataLoader(
        images,
        batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=min(WORKERS, os.cpu_count() or 1),
        pin_memory=device.type == "cuda",
    )


def train_plainly(
    model: nn.Module,
    batches: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    *,
    steps: int,
    watch: Stopwatch,
) -> float:
    """Train a classifier in place, as a tutorial does; epoch after epoch.

    Parameters
    ----------
    model
        On `device`.
    batches
        Of an epoch, (images, classes) each.
    optimizer
        Made for its parameters.
    steps
        Updates.
    watch
        Told where each part of a step ends; knows where to compute.

    Returns
    -------
    float
        The mean loss.

    Examples
    --------
    >>> net = nn.Linear(2, 2)
    >>> sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    >>> some = [(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 1]))]
    >>> watch = Stopwatch(torch.device("cpu"), skip=1)
    >>> loss = train_plainly(net, some, sgd, steps=20, watch=watch)
    >>> net(some[0][0]).argmax(dim=1)
    tensor([0, 1])
    """
    total = 0.0
    model.train()
    for images, classes in itertools.islice(_without_end(batches), steps):
        watch.mark("data")
        images = images.to(watch.device, non_blocking=True)
        classes = classes.to(watch.device, non_blocking=True)
        loss = F.cross_entropy(model(images), classes)
        watch.mark("forward")
        optimizer.zero_grad()
        watch.mark("rest")
        loss.backward()
        watch.mark("backward")
        optimizer.step()
        watch.mark("optimiser")
        total += loss.item()
        watch.end_step()
    return total / steps


def _without_end(batches: Iterable[Any]) -> Iterator[Any]:
    while True:
        yield from batches
