"""From scenes to what a network learns from, and how well it finds what is in them."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.data.scenes import VOID, SceneBatch, Scenes
from course_pkg.detection import decode_predictions, encode_targets, mean_average_precision
from course_pkg.models import YOLO, DeconvNet, UNet
from course_pkg.models._common import weighted_layers
from course_pkg.training.batches import Batch, Batches
from course_pkg.training.precision import device_of
from course_pkg.training.segmentation_metrics import confusion_matrix, mean_iou, pixel_accuracy

_CHUNK = 50  # scenes that a network sees at once when it is measured


class SceneSource(Protocol):
    """What is asked of scenes to measure a network by: `Scenes`, scenes on a device, photographs of VOC."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""

    def __len__(self) -> int:
        """How many there are."""

    def batch(self, indices: Iterable[int]) -> SceneBatch:
        """Those of these numbers."""


def detection_batches(
    scenes: Scenes, batch_size: int, *, grid: int = 7, boxes: int = 2, seed: int = 0
) -> Batches:
    """Batches of scenes with the grids of numbers that a YOLO network is to give for them.

    Parameters
    ----------
    scenes
        What to learn from.
    batch_size
        Scenes to a batch.
    grid, boxes
        S and B of the network.
    seed
        Of the order.

    Returns
    -------
    Batches
        Images (N, 3, H, W), and targets (N, S, S, 5·B + C) for `yolo_loss`.

    Examples
    --------
    >>> from course_pkg.data.scenes import digit_scenes
    >>> x, y = next(detection_batches(digit_scenes("train", size=112), batch_size=4).epoch(0))
    >>> x.shape, y.shape
    (torch.Size([4, 3, 112, 112]), torch.Size([4, 7, 7, 20]))
    """

    def read(which: np.ndarray) -> Batch:
        scene = scenes.batch(which.tolist())
        targets = encode_targets(targets_of(scene), scene.images.shape[2:], grid, boxes, len(scenes.classes))
        return torch.from_numpy(scene.images), targets

    return Batches(read, len(scenes), batch_size, seed)


def segmentation_batches(scenes: Scenes, batch_size: int, *, seed: int = 0) -> Batches:
    """Batches of scenes with the class of each pixel.

    Parameters
    ----------
    scenes
        What to learn from.
    batch_size
        Scenes to a batch.
    seed
        Of the order.

    Returns
    -------
    Batches
        Images (N, 3, H, W), and masks (N, H, W), int64: 0 for background, 1 + class, or 255 where it does not
        count, for `pixel_loss`.

    Examples
    --------
    >>> from course_pkg.data.scenes import digit_scenes
    >>> x, y = next(segmentation_batches(digit_scenes("train"), batch_size=4).epoch(0))
    >>> x.shape, y.shape
    (torch.Size([4, 3, 64, 64]), torch.Size([4, 64, 64]))
    """

    def read(which: np.ndarray) -> Batch:
        scene = scenes.batch(which.tolist())
        return torch.from_numpy(scene.images), torch.from_numpy(scene.masks.astype(np.int64))

    return Batches(read, len(scenes), batch_size, seed)


def classification_batches(scenes: Scenes, batch_size: int, *, seed: int = 0) -> Batches:
    """Batches of scenes with one object each, and its class.

    Parameters
    ----------
    scenes
        With exactly one object: `Rules(objects=(1, 1), …)`.
    batch_size
        Scenes to a batch.
    seed
        Of the order.

    Returns
    -------
    Batches
        Images (N, 3, H, W), and classes (N,).

    Examples
    --------
    >>> from course_pkg.data.scenes import Rules, digit_scenes
    >>> scenes = digit_scenes("train", size=32, rules=Rules(objects=(1, 1), scale=(0.6, 0.9)))
    >>> x, y = next(classification_batches(scenes, batch_size=4).epoch(0))
    >>> x.shape, y.shape
    (torch.Size([4, 3, 32, 32]), torch.Size([4]))
    """

    def read(which: np.ndarray) -> Batch:
        scene = scenes.batch(which.tolist())
        return torch.from_numpy(scene.images), torch.from_numpy(np.concatenate(scene.labels))

    return Batches(read, len(scenes), batch_size, seed)


def pixel_loss(scores: torch.Tensor, masks: torch.Tensor, background: float = 1.0) -> torch.Tensor:
    """Mean cross-entropy over the pixels that count.

    Parameters
    ----------
    scores
        Shape (N, classes, H, W).
    masks
        The class of each pixel, or 255, (N, H, W), int64.
    background
        How much a pixel of class 0 weighs; of the others each weighs 1.

    Examples
    --------
    >>> masks = torch.tensor([[[0, 1, 255]]])
    >>> round(pixel_loss(torch.zeros(1, 4, 1, 3), masks).item(), 4)  # log 4, of two pixels
    1.3863
    """
    weight = scores.new_ones(scores.shape[1])
    weight[0] = background
    return F.cross_entropy(scores, masks, weight, ignore_index=VOID)


def measure_detector(
    net: nn.Module, scenes: SceneSource, *, boxes: int = 2, score_threshold: float = 0.01
) -> dict[str, float]:
    """Mean average precision of a YOLO network, at IoU 0.5, after suppression at IoU 0.5.

    Parameters
    ----------
    net
        In evaluation mode.
    scenes
        What to find; objects marked difficult need not be found.
    boxes
        B of the network.
    score_threshold
        Boxes with a lower score are not looked at.

    Returns
    -------
    dict
        "map_voc10", the area under the curve, and "map_voc07", by eleven points.
    """
    found, there = [], []
    for images, scene in _chunks(net, scenes):
        size = (images.shape[2], images.shape[3])
        found += decode_predictions(net(images).cpu(), size, boxes, score_threshold, iou_threshold=0.5)
        there += targets_of(scene)
    return {
        f"map_{method}": mean_average_precision(found, there, 0.5, method) for method in ("voc10", "voc07")
    }


def measure_segmenter(net: nn.Module, scenes: SceneSource) -> dict[str, float]:
    """Mean IoU and pixel accuracy of a network that gives each pixel a class.

    Parameters
    ----------
    net
        In evaluation mode.
    scenes
        What to segment; the background is a class as well.

    Returns
    -------
    dict
        "mean_iou" and "pixel_accuracy".
    """
    classes = len(scenes.classes) + 1
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for images, scene in _chunks(net, scenes):
        truth = torch.from_numpy(scene.masks.astype(np.int64))
        confusion += confusion_matrix(net(images).argmax(dim=1).cpu(), truth, classes, ignore_index=VOID)
    return {"mean_iou": mean_iou(confusion), "pixel_accuracy": pixel_accuracy(confusion)}


def start_head(net: YOLO) -> None:
    """Start a YOLO's last layer near sensible boxes.

    Each cell begins with boxes at its centre, 0.3 of the image wide and high, and next to no confidence.
    Squared errors of random boxes of random sizes would otherwise drown what there is to learn at first.

    Parameters
    ----------
    net
        Its head is changed in place.

    Examples
    --------
    >>> net = YOLO.small(classes=10)
    >>> start_head(net)
    >>> net.head[0].bias[:10].tolist() == 2 * [0.5, 0.5, *torch.tensor([0.3, 0.3]).tolist(), 0.0]
    True
    """
    last = weighted_layers(net.head)[-1]
    assert last.bias is not None
    with torch.no_grad():
        last.weight *= 0.1
        last.bias.zero_()
        cells = last.bias.view(-1, 5 * net.boxes + net.classes)  # one, or of a fully connected layer all
        cells[:, : 5 * net.boxes] = torch.tensor([0.5, 0.5, 0.3, 0.3, 0.0]).repeat(net.boxes)


def start_scores(net: DeconvNet | UNet) -> None:
    """Start the last layer near "background": most pixels are, and what else they are takes long to learn.

    Parameters
    ----------
    net
        The bias of its background is changed in place, to 3: e³ ≈ 20 times as likely as each other class.

    Examples
    --------
    >>> net = DeconvNet.small(classes=3)
    >>> start_scores(net)
    >>> net.scores.bias.tolist()
    [3.0, 0.0, 0.0]
    """
    assert net.scores.bias is not None
    with torch.no_grad():
        net.scores.bias[0] = 3.0


def _chunks(net: nn.Module, scenes: SceneSource) -> Iterator[tuple[torch.Tensor, SceneBatch]]:
    for start in range(0, len(scenes), _CHUNK):
        scene = scenes.batch(range(start, min(start + _CHUNK, len(scenes))))
        yield torch.from_numpy(scene.images).to(device_of(net)), scene


def targets_of(scene: SceneBatch) -> list[dict[str, torch.Tensor]]:
    """What is there, image by image, as `encode_targets` and `mean_average_precision` take it.

    Examples
    --------
    >>> from course_pkg.data.scenes import digit_scenes
    >>> sorted(targets_of(digit_scenes("test").batch([7]))[0])
    ['boxes', 'difficult', 'labels']
    """
    columns = zip(scene.boxes, scene.labels, scene.difficult, strict=True)
    return [
        {
            "boxes": torch.from_numpy(boxes),
            "labels": torch.from_numpy(labels),
            "difficult": torch.from_numpy(difficult),
        }
        for boxes, labels, difficult in columns
    ]
