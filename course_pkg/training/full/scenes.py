"""YOLO and DeconvNet in full: what they learn, by which settings.

Both learn to classify first, as their papers' networks did on ImageNet: here cut-outs, one to an image. The
full settings are for one large GPU; none was at hand, and they have not been run. The small ones, for
machines without one, take the same path with the chapters' small networks.

How well things are named that nobody has shown to the network is bounded by how few stamps there are: 125 to
learn from, of insects four.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from course_pkg._validate import choice
from course_pkg.detection import yolo_loss
from course_pkg.models import YOLO, DeconvNet
from course_pkg.models.yolo import PAPER
from course_pkg.training.batches import Batch
from course_pkg.training.experiment import Experiment, Task, train_once
from course_pkg.training.full.material import KINDS, Aim, Kind
from course_pkg.training.full.profiles import Profile
from course_pkg.training.held_out import HeldOut
from course_pkg.training.scene_batches import (
    SceneSource,
    measure_detector,
    measure_segmenter,
    pixel_loss,
    start_head,
    start_scores,
    targets_of,
)
from course_pkg.training.scenes.device_batches import class_loss


@dataclass(frozen=True)
class Recipe:
    """By which settings a network is trained."""

    build: Callable[[int], Any]
    """Given the number of classes, without the background."""
    side: int
    """Height and width of the scenes."""
    first_side: int
    """The same of those to classify first."""
    settings: Mapping[str, Any]
    """Fields of `Experiment`."""
    first: Mapping[str, Any]
    """Of the classifier."""
    tested: int
    """Scenes to test on."""
    notes: str
    """What a reader of the card should know besides."""


_YOLO_NOTES = (
    "The paper's 24 convolutions, but with batch normalisation, and a 1×1 convolution in place of the fully "
    "connected layers, as in the paper's successor: so it learns in minutes what took the paper weeks."
)
_SMALL_NOTES = "A small network and few steps, to see that all works: no result."
_WEIGHT = "In the loss, a pixel of background weighs 0.3 of one of an object."


def _yolo(classes: int, small: bool) -> YOLO:
    plan = PAPER._replace(batch_norm=True, hidden=None)
    net = YOLO.small(classes=classes) if small else YOLO(classes=classes, plan=plan)
    start_head(net)
    return net


def _deconvnet(classes: int, small: bool) -> DeconvNet:
    net = DeconvNet.small(classes + 1) if small else DeconvNet(classes + 1)
    start_scores(net)
    return net


_ON_A_GPU = {"precision": "bfloat16", "channels_last": True, "compiled": True, "checkpoints": 5}
_SMOKE = {"batch_size": 16, "learning_rate": 2e-3, "weight_decay": 1e-2, "warmup": 10, "records": 4}
_SMOKE_FIRST = {"steps": 120, "batch_size": 32, "learning_rate": 4e-3, "weight_decay": 1e-2, "warmup": 10}

RECIPES: dict[str, dict[Profile, Recipe]] = {
    "yolo": {
        "full": Recipe(
            functools.partial(_yolo, small=False),
            side=448,
            first_side=224,
            settings={
                "steps": 2_800, "batch_size": 64, "learning_rate": 1e-3, "weight_decay": 5e-2, "warmup": 200,
                "clip": 10.0, **_ON_A_GPU,
            },
            first={
                "steps": 1_200, "batch_size": 128, "learning_rate": 1e-3, "weight_decay": 5e-2, "warmup": 100,
                "precision": "bfloat16", "channels_last": True,
            },
            tested=1_000,
            notes=_YOLO_NOTES,
        ),
        "smoke": Recipe(
            functools.partial(_yolo, small=True),
            side=112,
            first_side=56,
            settings={"steps": 80, "clip": 10.0, **_SMOKE},
            first=_SMOKE_FIRST,
            tested=100,
            notes=_SMALL_NOTES,
        ),
    },
    "deconvnet": {
        "full": Recipe(
            functools.partial(_deconvnet, small=False),
            side=224,
            first_side=224,
            settings={
                "steps": 2_200, "batch_size": 64, "learning_rate": 1e-3, "weight_decay": 5e-2, "warmup": 200,
                "clip": 10.0, **_ON_A_GPU,
            },
            first={
                "steps": 800, "batch_size": 128, "learning_rate": 1e-3, "weight_decay": 5e-2, "warmup": 100,
                "precision": "bfloat16", "channels_last": True,
            },
            tested=1_000,
            notes=_WEIGHT,
        ),
        "smoke": Recipe(
            functools.partial(_deconvnet, small=True),
            side=64,
            first_side=32,
            settings={"steps": 240, **_SMOKE, "learning_rate": 4e-3},
            first=_SMOKE_FIRST,
            tested=100,
            notes=f"{_SMALL_NOTES} {_WEIGHT}",
        ),
    },
}  # fmt: skip


Measure = Callable[[nn.Module, SceneSource], dict[str, float]]

AIMS: dict[str, tuple[Aim, str, Callable[..., torch.Tensor], Measure]] = {
    "yolo": ("boxes", "map_voc10", yolo_loss, measure_detector),
    "deconvnet": ("pixels", "mean_iou", functools.partial(pixel_loss, background=0.3), measure_segmenter),
}


def experiment(name: str, data: str, profile: Profile, folder: Path | None = None) -> Experiment:
    """YOLO or DeconvNet on scenes, or on PASCAL VOC.

    Parameters
    ----------
    name
        "yolo" or "deconvnet".
    data
        "digits", "stamps" or "voc".
    profile
        "full" or "smoke".
    folder
        Where PASCAL VOC was unpacked, see `voc_detection`; or the stamps, if they were not fetched.

    Returns
    -------
    Experiment
        With one network, of this name.

    Raises
    ------
    ValueError
        If there is no such network or set.

    Examples
    --------
    >>> experiment("yolo", "stamps", "full").metric
    'map_voc10'
    """
    recipe, metric = RECIPES[choice("name", name, RECIPES)][profile], AIMS[name][1]
    kind, first = KINDS[choice("data", data, KINDS)], recipe.first
    longer = kind.longer if profile == "full" else 1
    settings = {**recipe.settings, "steps": longer * recipe.settings["steps"]}
    return Experiment(
        networks={name: functools.partial(recipe.build, kind.classes)},
        task=lambda network: _task(kind, recipe, network, folder),
        metric=metric,
        seeds=(0,),
        augment=kind.augment,
        augmentation=kind.augmentation,
        first=functools.partial(_classify_first, kind, recipe, folder),
        first_in_words=(
            f"a classifier of single objects, {recipe.first_side}×{recipe.first_side} pixels: "
            f"{first['steps']:,} steps of {first['batch_size']}, AdamW, learning rate "
            f"{first['learning_rate']:g}, {first['warmup']} steps of warm-up, then half a cosine to 0"
        ),
        notes=recipe.notes,
        **settings,
    )


def _task(kind: Kind, recipe: Recipe, network: str, folder: Path | None) -> Task:
    aim, _, loss, measure = AIMS[network]
    material = kind.material(aim, recipe.side, recipe.tested, folder)
    tested, watched = material.tested, material.watched

    def read(which: np.ndarray) -> Batch:
        scene = tested.batch(which.tolist())
        truth = targets_of(scene) if aim == "boxes" else torch.from_numpy(scene.masks.astype(np.int64))
        return torch.from_numpy(scene.images), truth

    return Task(
        data=material.words,
        data_sha256=material.sha256,
        batches=material.batches,
        loss=loss,
        measure=lambda net: measure(net, tested),
        watch=lambda net: measure(net, watched),
        held_out=HeldOut(tested.classes, len(tested), read),
    )


def _classify_first(
    kind: Kind, recipe: Recipe, folder: Path | None, net: YOLO | DeconvNet, seed: int, share: float
) -> None:
    """Train the part of a network that sees, to name single objects."""
    task = Task(
        data="single objects",
        data_sha256="",
        batches=kind.objects(recipe.first_side, folder),
        loss=class_loss,
        measure=lambda classifier: {},
    )
    classifier = Experiment(
        networks={"classifier": lambda: net.classifier(kind.classes)},
        task=lambda network: task,
        metric="none",
        augment=kind.augment,
        **recipe.first,
    )
    train_once(classifier, "classifier", seed, task=task, steps=max(2, round(share * recipe.first["steps"])))
