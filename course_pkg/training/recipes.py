"""What the chapters' networks learn, and by which settings: digits, photographs, turned digits, scenes."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.data.digits import Digits, mnist_digits
from course_pkg.data.image_sets import cifar10
from course_pkg.data.rotated import rotated_digits
from course_pkg.data.scenes import Rules, Scenes, digit_scenes
from course_pkg.detection import yolo_loss
from course_pkg.models import YOLO, AlexNet, DeconvNet, GroupConvNet, LeNet5, UNet
from course_pkg.training.augment import crop_and_flip, jiggle
from course_pkg.training.batches import Batches, as_floats, batches
from course_pkg.training.cards import data_sha256
from course_pkg.training.experiment import Experiment, Task, train_once
from course_pkg.training.metrics import evaluate
from course_pkg.training.precision import device_of
from course_pkg.training.scene_batches import (
    classification_batches,
    detection_batches,
    measure_detector,
    measure_segmenter,
    pixel_loss,
    segmentation_batches,
    start_head,
    start_scores,
)


def classified(
    x: np.ndarray, y: np.ndarray, name: str = "test_error"
) -> Callable[[nn.Module], Mapping[str, float]]:
    """The share of these examples that a classifier gets wrong, as a figure of this name."""

    def measure(model: nn.Module) -> dict[str, float]:
        device = device_of(model)
        _, error = evaluate(model, as_floats(x).to(device), torch.as_tensor(y).to(device))
        return {name: float(error)}

    return measure


def digits_task(digits: Digits, data: str, examples: int = 4000) -> Task:
    """Digits, of which the first `examples` are there to train on."""
    x, y = digits.x_train[:examples], digits.y_train[:examples]
    return Task(
        data=data,
        data_sha256=data_sha256(x, y, digits.x_test, digits.y_test),
        batches=lambda size, seed: batches(x, y, size, seed=seed),
        loss=F.cross_entropy,
        measure=classified(digits.x_test, digits.y_test),
    )


LENET = Experiment(
    networks={"modern": lambda: LeNet5("modern"), "published": lambda: LeNet5("published")},
    task=lambda network: digits_task(
        mnist_digits(), "5,000 digits of MNIST: 4,000 to train on, 1,000 to test on"
    ),
    metric="test_error",
    steps=8_000,
    batch_size=64,
    learning_rate=3e-3,
    warmup=100,
    augment=lambda: jiggle(degrees=15, shift=0.1, scale=0.15),
    augmentation="turned by up to 15°, moved by up to 0.1 of the side, scaled by 0.85 … 1.15",
)


TURNED = {f"{group}_{n}": (group, n) for n in (250, 1000, 4000) for group in ("z2", "p4", "p4m")}


def _turned_task(network: str) -> Task:
    digits, n = rotated_digits("any"), TURNED[network][1]
    task = digits_task(
        digits, f"digits of MNIST, each turned by an angle of its own: {n:,} to train on, 1,000 to test on", n
    )
    x = torch.as_tensor(digits.x_test[:100])

    def measure(model: nn.Module) -> dict[str, float]:
        images = x.to(device_of(model))
        upright, turned = model(images), model(images.rot90(1, dims=(2, 3)))
        error = (upright - turned).abs().max() / upright.abs().max()
        return {**task.measure(model), "equivariance_error": float(error)}

    return task._replace(measure=measure, watch=task.measure)


GROUPCONV = Experiment(
    networks={
        name: functools.partial(GroupConvNet.small, group=group) for name, (group, _) in TURNED.items()
    },
    task=_turned_task,
    metric="test_error",
    steps=1_500,
    batch_size=64,
    learning_rate=1e-2,
    warmup=50,
    notes=(
        "Networks of about equal size: 8,734 parameters (z2, plain), 7,845 (p4) and 7,171 (p4m); the number "
        "in the name is that of training examples. equivariance_error: the largest change of a score when an "
        "image is turned by 90°, as a share of the largest score."
    ),
)


def _in_words(side: int, what: str) -> str:
    return (
        f"50,000 scenes of {side}×{side} pixels, {what} on a photograph, to train on; "
        "1,000 of other digits on other photographs to test on"
    )


def scenes_sha256(*scenes: Scenes) -> str:
    """A hash of the first sixteen scenes of each, their colours in 256 steps."""
    firsts = [each.batch(range(16)) for each in scenes]
    return data_sha256(
        *(
            np.concatenate(part)
            for first in firsts
            for part in ((first.images * 255).round().astype(np.uint8), first.boxes, first.labels)
        )
    )


ONE_DIGIT = Rules(objects=(1, 1), scale=(0.5, 0.9), cut=0.1, least_visible=0.8)


def _one_digit_task(network: str) -> Task:
    train, test = (digit_scenes(split, 32, rules=ONE_DIGIT) for split in ("train", "test"))
    shown = test.batch(range(len(test)))
    return Task(
        data=_in_words(32, "one digit of MNIST in colour"),
        data_sha256=scenes_sha256(train, test),
        batches=lambda size, seed: classification_batches(train, size, seed=seed),
        loss=F.cross_entropy,
        measure=classified(shown.images, np.concatenate(shown.labels)),
    )


SMALL_ALEXNET = Experiment(
    networks={"small_alexnet": AlexNet.small},
    task=_one_digit_task,
    metric="test_error",
    steps=2_000,
    batch_size=128,
    optimizer="SGD with momentum 0.9",
    learning_rate=2e-2,
    weight_decay=5e-4,
    warmup=200,
    seeds=(0,),
)


def _cifar10_task(network: str) -> Task:
    photographs = cifar10()
    x, y = photographs.x_train, photographs.y_train
    return Task(
        data="CIFAR-10: 50,000 photographs to train on, 10,000 to test on",
        data_sha256=data_sha256(x, y, photographs.x_test, photographs.y_test),
        batches=lambda size, seed: batches(x, y, size, seed=seed),
        loss=F.cross_entropy,
        measure=classified(photographs.x_test, photographs.y_test),
        watch=classified(photographs.x_test[:2000], photographs.y_test[:2000], "test_error_of_2000"),
    )


SMALL_ALEXNET_CIFAR10 = replace(
    SMALL_ALEXNET,
    task=_cifar10_task,
    steps=8_000,
    optimizer="AdamW",
    learning_rate=1e-3,
    weight_decay=5e-2,
    augment=lambda: crop_and_flip(32),
    augmentation="moved by up to 4 pixels, every other one mirrored",
    notes="The data must be fetched first: python -m course_pkg data fetch cifar10",
)


def small_yolo() -> YOLO:
    """The small YOLO for ten classes, its head started near sensible boxes."""
    net = YOLO.small(classes=10)
    start_head(net)
    return net


def _many_digits_task(
    side: int,
    scene_batches: Callable[..., Batches],
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    measure: Callable[[nn.Module, Scenes], Mapping[str, float]],
) -> Task:
    train, validation, test = (digit_scenes(split, side) for split in ("train", "validation", "test"))
    few = replace(validation, count=300)
    return Task(
        data=_in_words(side, "one to four digits of MNIST") + "; 300 of yet others for the learning curve",
        data_sha256=scenes_sha256(train, test),
        batches=lambda size, seed: scene_batches(train, size, seed=seed),
        loss=loss,
        measure=lambda net: measure(net, test),
        watch=lambda net: measure(net, few),
    )


SMALL_YOLO = Experiment(
    networks={"small_yolo": small_yolo},
    task=lambda network: _many_digits_task(112, detection_batches, yolo_loss, measure_detector),
    metric="map_voc10",
    steps=4_000,
    batch_size=32,
    learning_rate=2e-3,
    weight_decay=1e-2,
    warmup=200,
    clip=10.0,
)


Segmenter = TypeVar("Segmenter", DeconvNet, UNet)


def _small_segmenter(kind: type[Segmenter]) -> Segmenter:
    net = kind.small(11)
    nn.utils.convert_conv2d_weight_memory_format(net, torch.channels_last)  # a quarter faster on a CPU
    start_scores(net)
    return net


CLASSIFIER_STEPS = 1_500


def one_digit_first(net: DeconvNet | UNet, seed: int, share: float = 1.0) -> None:
    """Train the part of a network that sees, to name the digit of a small scene with one.

    DeconvNet's paper starts from a VGG-16 that was trained to classify. Without that, a small one finds the
    ink long before it tells the digits apart.

    Parameters
    ----------
    net
        Trained in place; its decoder stays as it is.
    seed
        Of order and of the classifier's last layer.
    share
        Of `CLASSIFIER_STEPS`.
    """
    experiment = replace(
        SMALL_ALEXNET,
        networks={"classifier": lambda: net.classifier(10)},
        batch_size=64,
        optimizer="AdamW",
        learning_rate=4e-3,
        weight_decay=1e-2,
        warmup=50,
    )
    task = _one_digit_task("classifier")._replace(watch=lambda classifier: {})
    train_once(experiment, "classifier", seed, task=task, steps=max(2, round(share * CLASSIFIER_STEPS)))


SMALL_DECONVNET = Experiment(
    networks={
        "small_deconvnet": functools.partial(_small_segmenter, DeconvNet),
        "small_unet": functools.partial(_small_segmenter, UNet),
    },
    task=lambda network: _many_digits_task(
        64, segmentation_batches, functools.partial(pixel_loss, background=0.3), measure_segmenter
    ),
    metric="mean_iou",
    steps=8_000,
    batch_size=16,
    learning_rate=4e-3,
    weight_decay=1e-2,
    warmup=50,
    seeds=(0,),
    first=one_digit_first,
    first_in_words=(
        f"encoder as a classifier of scenes of 32×32 pixels with one digit: {CLASSIFIER_STEPS:,} steps of "
        "64, AdamW, learning rate 0.004, 50 steps of warm-up, then half a cosine to 0"
    ),
    notes="In the loss, a pixel of background weighs 0.3 of one of a digit.",
)
