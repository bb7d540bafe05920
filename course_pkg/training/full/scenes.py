"""YOLO and DeconvNet in full: what they learn, by which settings.

Both learn to classify first, as their papers' networks did on ImageNet: here cut-outs, one to an image. The
full settings are for one large GPU. The small ones, for machines without one, take the same path with the
chapters' small networks.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg._validate import choice
from course_pkg.data.scenes import Rules, Scenes, digit_scenes, stamp_scenes
from course_pkg.detection import yolo_loss
from course_pkg.models import YOLO, DeconvNet
from course_pkg.models.yolo import PAPER
from course_pkg.training.batches import Batch
from course_pkg.training.device_batches import Answer, classes_of, grids_of, masks_of, painted_batches
from course_pkg.training.experiment import Experiment, Task, train_once
from course_pkg.training.full.profiles import Profile
from course_pkg.training.held_out import HeldOut
from course_pkg.training.recipes import scenes_sha256
from course_pkg.training.scene_batches import (
    SceneSource,
    measure_detector,
    measure_segmenter,
    pixel_loss,
    start_head,
    start_scores,
    targets_of,
)
from course_pkg.training.scene_plans import Variation
from course_pkg.training.scenes_on_device import AS_THEY_CAME, DeviceScenes

WATCHED = 200  # scenes that are looked at for a learning curve


@dataclass(frozen=True)
class Parts:
    """What scenes are made of."""

    scenes: Callable[[str, int, Path | None, Rules | None], Scenes]
    """Given split, side, folder and rules (None: as they come)."""
    classes: int
    alone: Rules
    """How one object is shown to classify it."""
    variation: Variation
    """How much more the objects to learn from vary."""
    words: str


def _stamps(split: str, side: int, folder: Path | None, rules: Rules | None) -> Scenes:
    chosen = {} if rules is None else {"rules": rules}
    return stamp_scenes(split, side, folder=folder, **chosen)  # type: ignore[arg-type]  # one of the three


def _digits(split: str, side: int, folder: Path | None, rules: Rules | None) -> Scenes:
    chosen = {} if rules is None else {"rules": rules}
    return digit_scenes(split, side, **chosen)  # type: ignore[arg-type]  # one of the three


DATA: dict[str, Parts] = {
    "digits": Parts(
        _digits,
        10,
        Rules(objects=(1, 1), scale=(0.5, 0.9), cut=0.1, least_visible=0.8),
        AS_THEY_CAME,
        "one to four digits of MNIST",
    ),
    "stamps": Parts(
        _stamps,
        7,
        Rules(objects=(1, 1), scale=(0.3, 0.9), cut=0.2, least_visible=0.6),
        Variation(stretch=1.3, tint=0.2, turns=(-15.0, 0.0, 15.0)),
        "one to five animals, fruit, vegetables, flowers and road signs, cut out of photographs,",
    ),
}


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
_SMOKE_FIRST = {"steps": 60, "batch_size": 32, "learning_rate": 4e-3, "weight_decay": 1e-2, "warmup": 10}

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
        ),
        "smoke": Recipe(
            functools.partial(_yolo, small=True),
            side=112,
            first_side=56,
            settings={"steps": 80, "clip": 10.0, **_SMOKE},
            first=_SMOKE_FIRST,
            tested=100,
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
        ),
        "smoke": Recipe(
            functools.partial(_deconvnet, small=True),
            side=64,
            first_side=32,
            settings={"steps": 120, **_SMOKE},
            first=_SMOKE_FIRST,
            tested=100,
        ),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Aim:
    """What a network is to do with scenes."""

    metric: str
    answer: Callable[[int], Answer]
    """Given the number of classes."""
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    measure: Callable[[nn.Module, SceneSource], Mapping[str, float]]


AIMS: dict[str, Aim] = {
    "yolo": Aim("map_voc10", grids_of, yolo_loss, measure_detector),
    "deconvnet": Aim(
        "mean_iou",
        lambda classes: masks_of,
        functools.partial(pixel_loss, background=0.3),
        measure_segmenter,
    ),
}


def experiment(
    name: str, data: str | None = None, profile: Profile = "smoke", folder: str | Path | None = None
) -> Experiment:
    """YOLO or DeconvNet on scenes.

    Parameters
    ----------
    name
        "yolo" or "deconvnet".
    data
        "digits" or "stamps"; if not given, the first for a small run and the second for a full one.
    profile
        "full" or "smoke".
    folder
        Where the stamps were unpacked, if they were not fetched.

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
    recipe, aim = RECIPES[choice("name", name, RECIPES)][profile], AIMS[name]
    parts = DATA[choice("data", data or ("stamps" if profile == "full" else "digits"), DATA)]
    place = None if folder is None else Path(folder)
    first = recipe.first
    return Experiment(
        networks={name: functools.partial(recipe.build, parts.classes)},
        task=lambda network: _task(parts, recipe, aim, place),
        metric=aim.metric,
        seeds=(0,),
        first=functools.partial(_classify_first, parts, recipe, place),
        first_in_words=(
            f"a classifier of scenes of {recipe.first_side}×{recipe.first_side} pixels with one object: "
            f"{first['steps']:,} steps of {first['batch_size']}, AdamW, learning rate "
            f"{first['learning_rate']:g}, {first['warmup']} steps of warm-up, then half a cosine to 0"
        ),
        **recipe.settings,
    )


def _task(parts: Parts, recipe: Recipe, aim: Aim, folder: Path | None) -> Task:
    train, validation, test = (
        parts.scenes(split, recipe.side, folder, None) for split in ("train", "validation", "test")
    )
    painted = DeviceScenes(train, variation=parts.variation)
    few, all_tested = (
        DeviceScenes(replace(scenes, count=count))
        for scenes, count in ((validation, min(WATCHED, recipe.tested)), (test, recipe.tested))
    )
    return Task(
        data=(
            f"scenes of {recipe.side}×{recipe.side} pixels, {parts.words} on a photograph, no scene twice, "
            f"to train on; {recipe.tested:,} of others on other photographs to test on; {len(few)} of yet "
            "others for the learning curve"
        ),
        data_sha256=scenes_sha256(train, test),
        batches=lambda size, seed: painted_batches(painted, size, aim.answer(parts.classes), seed=seed),
        loss=aim.loss,
        measure=lambda net: aim.measure(net, all_tested),
        watch=lambda net: aim.measure(net, few),
        held_out=HeldOut(test.classes, len(all_tested), functools.partial(_read, all_tested, aim)),
    )


def _read(scenes: SceneSource, aim: Aim, which: np.ndarray) -> Batch:
    scene = scenes.batch(which.tolist())
    boxes = aim.metric.startswith("map")
    truth = targets_of(scene) if boxes else torch.from_numpy(scene.masks.astype(np.int64))
    return torch.from_numpy(scene.images), truth


def _classify_first(
    parts: Parts, recipe: Recipe, folder: Path | None, net: YOLO | DeconvNet, seed: int, share: float
) -> None:
    """Train the part of a network that sees, to name the only object of a scene."""
    scenes = parts.scenes("train", recipe.first_side, folder, parts.alone)
    painted = DeviceScenes(scenes, variation=parts.variation)
    task = Task(
        data="",
        data_sha256="",
        batches=lambda size, seed: painted_batches(painted, size, classes_of, seed=seed),
        loss=F.cross_entropy,
        measure=lambda classifier: {},
    )
    classifier = Experiment(
        networks={"classifier": lambda: net.classifier(parts.classes)},
        task=lambda network: task,
        metric="",
        **recipe.first,
    )
    train_once(classifier, "classifier", seed, task=task, steps=max(2, round(share * recipe.first["steps"])))
