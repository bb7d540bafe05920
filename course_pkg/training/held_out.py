"""What a network answers to examples that it has not learnt from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from course_pkg.detection import decode_predictions
from course_pkg.models import YOLO
from course_pkg.training.batches import Batch
from course_pkg.training.precision import device_of

Boxes = dict[str, torch.Tensor]
_CHUNK = 50  # examples that a network sees at once


@dataclass(frozen=True)
class HeldOut:
    """Examples to test on, to be looked at."""

    classes: tuple[str, ...]
    """Names of the classes, in the order of their numbers, without the background."""
    count: int
    """How many examples there are."""
    read: Callable[[np.ndarray], Batch]
    """Given the numbers of some, an int64 array, what the network gets, (N, 3, H, W), and what is true. That
    is a class of each, (N,); or a class of each pixel, (N, H, W), as `pixel_loss` takes it; or of each a
    dictionary with "boxes", "labels" and "difficult", as `mean_average_precision` takes it."""


def answers(model: nn.Module, held_out: HeldOut, count: int | None = None) -> Iterator[tuple[Any, Any]]:
    """What a network answers, and what is true, some examples at a time.

    Parameters
    ----------
    model
        In evaluation mode.
    held_out
        The examples, asked for in their order.
    count
        How many of them; all if not given.

    Yields
    ------
    answer, truth
        The answer where the network computes, the truth as `held_out` gives it.

    Examples
    --------
    >>> held_out = HeldOut(("a", "b"), 120, lambda which: (torch.ones(len(which), 3), torch.ones(len(which))))
    >>> [len(answer) for answer, truth in answers(nn.Linear(3, 2), held_out)]
    [50, 50, 20]
    """
    device, count = device_of(model), held_out.count if count is None else min(count, held_out.count)
    with torch.no_grad():
        for start in range(0, count, _CHUNK):
            x, truth = held_out.read(np.arange(start, min(start + _CHUNK, count)))
            yield model(x.to(device)), truth


def class_probabilities(model: nn.Module, held_out: HeldOut) -> tuple[torch.Tensor, torch.Tensor]:
    """How likely a classifier finds each class.

    Parameters
    ----------
    model
        A classifier, in evaluation mode.
    held_out
        With a class of each example.

    Returns
    -------
    probabilities : Tensor, (N, classes)
        In the order of the examples, on the CPU.
    truth : Tensor, (N,)
        Their classes, on the CPU.

    Examples
    --------
    >>> held_out = HeldOut(("a", "b"), 3, lambda which: (torch.zeros(len(which), 2), torch.ones(len(which))))
    >>> class_probabilities(nn.Identity(), held_out)
    (tensor([[0.5000, 0.5000],
            [0.5000, 0.5000],
            [0.5000, 0.5000]]), tensor([1., 1., 1.]))
    """
    pairs = [(scores.softmax(dim=1).cpu(), truth.cpu()) for scores, truth in answers(model, held_out)]
    likely, truth = zip(*pairs, strict=True)
    return torch.cat(likely), torch.cat(truth)


def detections(
    model: YOLO, held_out: HeldOut, score_threshold: float = 0.01
) -> tuple[list[Boxes], list[Boxes]]:
    """The boxes that a YOLO network finds, after suppression at IoU 0.5, and those that are there.

    Parameters
    ----------
    model
        In evaluation mode.
    held_out
        With boxes of each example.
    score_threshold
        Boxes with a lower score are left out.

    Returns
    -------
    found, there : list of dict
        One an image, for `mean_average_precision`, on the CPU.
    """
    found: list[Boxes] = []
    there: list[Boxes] = []
    size = (model.input_size[1], model.input_size[2])
    for cells, truth in answers(model, held_out):
        found += decode_predictions(cells.cpu(), size, model.boxes, score_threshold, iou_threshold=0.5)
        there += [{name: values.cpu() for name, values in one.items()} for one in truth]
    return found, there
