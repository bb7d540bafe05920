"""Batches of scenes that are painted on the device that trains, with what networks are to answer."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from course_pkg.detection.targets import encode_objects
from course_pkg.training.batches import Batch, Batches
from course_pkg.training.scenes.on_device import DeviceScenes, SceneTensors

NO_CLASS = -100  # in place of a class: there is no object

Answer = Callable[[SceneTensors], torch.Tensor]


def painted_batches(scenes: DeviceScenes, batch_size: int, answer: Answer, *, seed: int = 0) -> Batches:
    """Batches of scenes, no scene twice.

    Parameters
    ----------
    scenes
        What to learn from.
    batch_size
        Scenes to a batch.
    answer
        What a network is to say of scenes: `grids_of`, `masks_of` or `classes_of`.
    seed
        Of the order.

    Returns
    -------
    Batches
        Images (N, 3, H, W) and answers, on the scenes' device. An epoch has as many scenes as `scenes`, and
        each epoch others.

    Examples
    --------
    >>> from course_pkg.data.scenes import digit_scenes
    >>> scenes = DeviceScenes(digit_scenes("train", size=64), "cpu")
    >>> x, y = next(painted_batches(scenes, 4, masks_of).epoch(0))
    >>> x.shape, y.shape
    (torch.Size([4, 3, 64, 64]), torch.Size([4, 64, 64]))
    """

    def read(which: np.ndarray) -> Batch:
        painted = scenes.tensors(which.tolist())
        return painted.images, answer(painted)

    return Batches(read, len(scenes), batch_size, seed, fresh=True)


def grids_of(classes: int, grid: int = 7, boxes: int = 2) -> Answer:
    """What a YOLO network is to say: its grid of numbers, (N, S, S, 5·B + C).

    Parameters
    ----------
    classes, grid, boxes
        C, S and B of the network.

    Returns
    -------
    callable
        For `painted_batches`.

    Examples
    --------
    >>> from course_pkg.data.scenes import digit_scenes
    >>> scenes = DeviceScenes(digit_scenes("train", size=64), "cpu").tensors(range(4))
    >>> grids_of(10)(scenes).shape
    torch.Size([4, 7, 7, 20])
    """

    def answer(scenes: SceneTensors) -> torch.Tensor:
        height, width = scenes.images.shape[2:]
        return encode_objects(
            scenes.boxes, scenes.labels, scenes.present, (height, width), grid, boxes, classes
        )

    return answer


def masks_of(scenes: SceneTensors) -> torch.Tensor:
    """What a network that segments is to say: the class of each pixel, int64, (N, H, W), for `pixel_loss`."""
    return scenes.masks.long()


def classes_of(scenes: SceneTensors) -> torch.Tensor:
    """What a classifier is to say of scenes with one object: its class, (N,), or `NO_CLASS` without one."""
    return torch.where(scenes.present[:, 0], scenes.labels[:, 0], NO_CLASS)


def class_loss(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy over the images that show an object; 0 if none does.

    Parameters
    ----------
    scores
        Shape (N, classes).
    classes
        From `classes_of`, (N,).

    Examples
    --------
    >>> round(class_loss(torch.zeros(3, 4), torch.tensor([2, NO_CLASS, 0])).item(), 4)  # log 4
    1.3863
    >>> class_loss(torch.zeros(1, 4), torch.tensor([NO_CLASS]))
    tensor(0.)
    """
    total = F.cross_entropy(scores, classes, ignore_index=NO_CLASS, reduction="sum")
    return total / (classes != NO_CLASS).sum().clamp(min=1)
