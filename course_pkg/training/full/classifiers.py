"""AlexNet and VGG in full: by which settings they learn.

The full settings are for one large GPU. The small ones, for machines without one, take the same path with
the chapters' small networks.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from course_pkg._validate import choice
from course_pkg.models import VGG, AlexNet
from course_pkg.models._common import he_initialisation
from course_pkg.training.experiment import Experiment
from course_pkg.training.full.images import images
from course_pkg.training.full.profiles import Profile
from course_pkg.training.resident import random_views


@dataclass(frozen=True)
class Recipe:
    """By which settings a network is trained."""

    build: Callable[[int], nn.Module]
    """Given the number of classes."""
    size: int
    """Height and width of the images it gets."""
    settings: Mapping[str, Any]
    """Fields of `Experiment`."""
    epochs: Mapping[str, int] | None = None
    """How often it sees all examples of each set; as many steps as `settings` says if None."""
    hole: float = 0.0
    """Of CIFAR-10, as in `random_views`."""
    smoothing: float = 0.0
    """This share of each label is spread over all classes."""


def _alexnet(classes: int) -> AlexNet:
    """The paper's weights start for pixels 0 … 255; of 0 … 1 next to nothing would reach the scores."""
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
            epochs={"digits": 70, "cifar10": 70, "imagenet": 60},
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
            epochs={"digits": 16, "cifar10": 16, "imagenet": 30},
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
    data, folder
        As in `course_pkg.training.full.images.images`.
    profile
        "full" or "smoke".

    Returns
    -------
    Experiment
        With one network, of this name.

    Raises
    ------
    ValueError, DataUnavailable
        As `images`.

    Examples
    --------
    >>> experiment("vgg", "cifar10", "full").steps  # 16 epochs of 50,000 in batches of 256
    3125
    """
    recipe = RECIPES[choice("name", name, RECIPES)][profile]
    chosen, settings = images(data, recipe.size, folder), dict(recipe.settings)
    settings["batch_size"] = min(settings["batch_size"], chosen.examples)
    if recipe.epochs is not None:
        settings["steps"] = recipe.epochs[data] * chosen.examples // settings["batch_size"]
    hole, look = recipe.hole if data == "cifar10" else 0.0, chosen.look
    blackened = f", a square of {hole:g} of the side left black" if hole else ""
    return Experiment(
        networks={name: functools.partial(recipe.build, chosen.classes)},
        task=lambda network: chosen.task(recipe.smoothing),
        metric="test_error",
        warmup=settings["steps"] // 20,
        augment=lambda: random_views(look.size, look.crop, padding=look.padding, flip=look.flip, hole=hole),
        augmentation=look.in_words() + blackened,
        seeds=(0,),
        notes=f"Labels smoothed by {recipe.smoothing:g}." if recipe.smoothing else "",
        **settings,
    )
