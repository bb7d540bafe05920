"""AlexNet and VGG in full: what they learn, by which settings.

The full settings are for one large GPU. The small ones, for machines without one, take the same path with
the chapters' small networks.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg._validate import choice
from course_pkg.data.digits import mnist_digits
from course_pkg.data.image_sets import DIGIT_CLASSES, ImageSet, cifar10
from course_pkg.models import VGG, AlexNet
from course_pkg.models._common import he_initialisation
from course_pkg.training.batches import Batch
from course_pkg.training.cards import data_sha256
from course_pkg.training.experiment import Experiment, Task
from course_pkg.training.full.profiles import Profile
from course_pkg.training.held_out import HeldOut, answers
from course_pkg.training.metrics import top_k_error
from course_pkg.training.precision import best_device
from course_pkg.training.resident import centre_view, random_views, resident_batches

WATCHED = 2000  # examples of the test set that are looked at for a learning curve


class Look(NamedTuple):
    """How the images of a set are looked at."""

    crop: int
    """Side of the square that is cut out, in pixels."""
    padding: int
    """How far it may reach beyond the edge."""
    flip: bool
    """Whether every other image is mirrored."""

    def in_words(self, size: int) -> str:
        mirrored = ", every other one mirrored" if self.flip else ""
        return f"squares of {self.crop} pixels, moved by up to {self.padding}, brought to {size}{mirrored}"


class InMemory(NamedTuple):
    """A set of images that lies on the device as bytes."""

    load: Callable[[Path | None], ImageSet]
    examples: int
    classes: int
    look: Look
    words: str


@dataclass(frozen=True)
class Recipe:
    """By which settings a network is trained."""

    build: Callable[[int], nn.Module]
    """Given the number of classes."""
    size: int
    """Height and width of the images it gets."""
    settings: Mapping[str, Any]
    """Fields of `Experiment`."""
    epochs: int | None = None
    """How often it sees all examples; as many steps as `settings` says if None."""
    hole: float = 0.0
    """As in `random_views`."""
    smoothing: float = 0.0
    """Of the labels: this share of each is spread over all classes."""


def _digits(folder: Path | None) -> ImageSet:
    x_train, y_train, x_test, y_test = mnist_digits()
    coloured = [(255 * x).round().astype(np.uint8).repeat(3, axis=1) for x in (x_train, x_test)]
    return ImageSet(coloured[0], y_train, coloured[1], y_test, DIGIT_CLASSES)


DATA: dict[str, InMemory] = {
    "digits": InMemory(
        _digits, 4000, 10, Look(28, 2, False), "5,000 digits of MNIST: 4,000 to train on, 1,000 to test on"
    ),
    "cifar10": InMemory(
        cifar10, 50_000, 10, Look(32, 4, True),
        "CIFAR-10: 50,000 photographs to train on, 10,000 to test on",
    ),
}  # fmt: skip


def _alexnet(classes: int) -> AlexNet:
    """The paper's weights start for pixels 0 … 255; for 0 … 1 next to nothing would reach the scores."""
    net = AlexNet(classes)
    he_initialisation(net)
    return net


_ON_A_GPU = {"precision": "bfloat16", "channels_last": True, "compiled": True, "checkpoints": 5}
_MOMENTUM = {"optimizer": "SGD with momentum 0.9", "weight_decay": 5e-4}
_SMOKE = {"steps": 80, "batch_size": 50, "learning_rate": 2e-2, "records": 5, "clip": 5.0, **_MOMENTUM}

RECIPES: dict[str, dict[Profile, Recipe]] = {
    "alexnet": {
        "full": Recipe(
            _alexnet,
            227,
            {"batch_size": 256, "learning_rate": 2e-2, "clip": 1.0, **_MOMENTUM, **_ON_A_GPU},
            epochs=70,
            hole=0.375,
            smoothing=0.1,
        ),
        "smoke": Recipe(AlexNet.small, 32, _SMOKE),
    },
    "vgg": {
        "full": Recipe(
            lambda classes: VGG(16, num_classes=classes, batch_norm=True),
            224,
            {"batch_size": 256, "learning_rate": 5e-2, "clip": 2.0, **_MOMENTUM, **_ON_A_GPU},
            epochs=18,
            smoothing=0.1,
        ),
        "smoke": Recipe(VGG.small, 32, _SMOKE),
    },
}


def experiment(name: str, data: str, profile: Profile, folder: Path | None = None) -> Experiment:
    """AlexNet or VGG on a set of images.

    Parameters
    ----------
    name
        "alexnet" or "vgg".
    data
        "digits" or "cifar10".
    profile
        "full" or "smoke".
    folder
        Where CIFAR-10 was unpacked, if it was not fetched; see `cifar10`.

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
    >>> experiment("vgg", "cifar10", "full").steps  # 18 epochs of 50,000 in batches of 256
    3515
    """
    recipe = RECIPES[choice("name", name, RECIPES)][profile]
    chosen = DATA[choice("data", data, DATA)]
    settings = dict(recipe.settings)
    if recipe.epochs is not None:
        settings["steps"] = recipe.epochs * chosen.examples // settings["batch_size"]
    hole = f", a square of {recipe.hole:g} of the side left black" if recipe.hole else ""
    look = chosen.look
    return Experiment(
        networks={name: functools.partial(recipe.build, chosen.classes)},
        task=lambda network: _resident_task(chosen, recipe, folder),
        metric="test_error",
        warmup=settings["steps"] // 20,
        augment=lambda: random_views(
            recipe.size, look.crop, padding=look.padding, flip=look.flip, hole=recipe.hole
        ),
        augmentation=look.in_words(recipe.size) + hole,
        seeds=(0,),
        notes=f"Labels smoothed by {recipe.smoothing:g}." if recipe.smoothing else "",
        **settings,
    )


def _resident_task(chosen: InMemory, recipe: Recipe, folder: Path | None) -> Task:
    images = chosen.load(folder)
    x_test, y_test = (torch.from_numpy(part).to(best_device()) for part in (images.x_test, images.y_test))

    def read(which: np.ndarray) -> Batch:
        index = torch.from_numpy(which).to(x_test.device)
        return centre_view(x_test[index], recipe.size, chosen.look.crop), y_test[index]

    held_out = HeldOut(images.classes, len(x_test), read)
    watched = min(WATCHED, len(x_test))
    return Task(
        data=chosen.words,
        data_sha256=data_sha256(*images[:4]),
        batches=lambda size, seed: resident_batches(images.x_train, images.y_train, size, seed=seed),
        loss=functools.partial(F.cross_entropy, label_smoothing=recipe.smoothing),
        measure=lambda net: _errors(answers(net, held_out)),
        watch=lambda net: _errors(answers(net, held_out, watched), f"_of_{watched}"),
        held_out=held_out,
    )


def _errors(scored: Iterable[tuple[torch.Tensor, torch.Tensor]], suffix: str = "") -> dict[str, float]:
    """The share of wrong examples, from scores and classes; of many classes also of the best five."""
    wrong, count = Counter[str](), 0
    for scores, y in scored:
        for k, name in ((1, "test_error"), (5, "test_top5_error"))[: 2 if scores.shape[1] > 10 else 1]:
            wrong[name + suffix] += round(top_k_error(scores, y, k) * len(y))
        count += len(y)
    return {name: number / count for name, number in wrong.items()}
