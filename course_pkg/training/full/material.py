"""What YOLO and DeconvNet learn from in full: painted scenes of stamps or digits, or photographs of VOC."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from course_pkg.data.scenes import Rules, Scenes, digit_scenes, stamp_scenes
from course_pkg.data.scenes.backgrounds import Split
from course_pkg.data.scenes.digits import RULES as DIGIT_RULES
from course_pkg.data.scenes.stamps import RULES as STAMP_RULES
from course_pkg.data.voc import CLASSES, Examples, voc_detection, voc_segmentation
from course_pkg.training.augment import Augment
from course_pkg.training.batches import Batches
from course_pkg.training.cards import data_sha256
from course_pkg.training.recipes import ONE_DIGIT, scenes_sha256
from course_pkg.training.scene_batches import SceneSource
from course_pkg.training.scenes.device_batches import classes_of, grids_of, masks_of, painted_batches
from course_pkg.training.scenes.on_device import AS_THEY_CAME, DeviceScenes
from course_pkg.training.scenes.plans import Variation
from course_pkg.training.voc.batches import (
    VOCPhotographs,
    colours_change,
    voc_detection_batches,
    voc_object_batches,
    voc_segmentation_batches,
    voc_splits,
)

Aim = Literal["boxes", "pixels"]
MakeBatches = Callable[[int, int], Batches]  # of batch size and seed


class Material(NamedTuple):
    """What a network learns from, and is tested on."""

    words: str
    """The same in words."""
    sha256: str
    """Hash of it."""
    batches: MakeBatches
    """To train on."""
    watched: SceneSource
    """For the learning curve."""
    tested: SceneSource
    """To test on."""


@dataclass(frozen=True)
class Kind:
    """One kind of material."""

    classes: int
    """How many there are, without the background."""
    material: Callable[[Aim, int, int, Path | None], Material]
    """Given the aim, the side of the images, how many to test on at most, and the folder of the data."""
    objects: Callable[[int, Path | None], MakeBatches]
    """Given the side of the images and the folder, batches of single objects and their classes."""
    augment: Callable[[], Augment] | None = None
    """What changes a batch on the device."""
    augmentation: str = "none"
    """The same in words."""
    longer: int = 1
    """How many times as long the full training takes."""


WATCHED = 200  # photographs of VOC that are looked at for a learning curve


def _digits(split: Split, side: int, folder: Path | None, rules: Rules = DIGIT_RULES) -> Scenes:
    return digit_scenes(split, side, rules=rules)


def _stamps(split: Split, side: int, folder: Path | None, rules: Rules = STAMP_RULES) -> Scenes:
    return stamp_scenes(split, side, folder=folder, rules=rules)


def _painted(
    make: Callable[..., Scenes],
    what: str,
    variation: Variation,
    aim: Aim,
    side: int,
    tested: int,
    folder: Path | None,
) -> Material:
    train, validation, test = (make(split, side, folder) for split in ("train", "validation", "test"))
    answer = grids_of(len(train.classes)) if aim == "boxes" else masks_of
    watched = max(1, tested // 5)
    return Material(
        words=(
            f"scenes of {side}×{side} pixels, {what} on a photograph, no scene twice, to train on; "
            f"{tested:,} of others on other photographs to test on; {watched} of yet others for the learning "
            "curve"
        ),
        sha256=scenes_sha256(train, test),
        batches=functools.partial(_painted_batches, train, variation, answer),
        watched=DeviceScenes(replace(validation, count=watched)),
        tested=DeviceScenes(replace(test, count=tested)),
    )


def _painted_objects(
    make: Callable[..., Scenes], rules: Rules, variation: Variation, side: int, folder: Path | None
) -> MakeBatches:
    return functools.partial(
        _painted_batches, make("train", side, folder, rules=rules), variation, classes_of
    )


def _painted_batches(
    scenes: Scenes, variation: Variation, answer: Callable, batch_size: int, seed: int
) -> Batches:
    return painted_batches(DeviceScenes(scenes, variation=variation), batch_size, answer, seed=seed)


def _voc(aim: Aim, side: int, tested: int, folder: Path | None) -> Material:
    train, test = voc_splits(_named(folder))
    read: Callable[..., Examples] = voc_detection if aim == "boxes" else voc_segmentation
    batches = voc_detection_batches if aim == "boxes" else voc_segmentation_batches
    to_learn, to_test = (read(_named(folder), split) for split in (train, test))
    few = Examples(to_test.names[:WATCHED], to_test.read)
    return Material(
        words=(
            f"PASCAL VOC, photographs brought to {side}×{side} pixels: {len(to_learn):,} of {train!r} to "
            f"train on, {len(to_test):,} of {test!r} to test on, the first {len(few)} for the learning curve"
        ),
        sha256=_names_sha256(to_learn, to_test),
        batches=lambda batch_size, seed: batches(_named(folder), train, side, batch_size, seed=seed),
        watched=VOCPhotographs(few, side),
        tested=VOCPhotographs(to_test, side),
    )


def _voc_objects(side: int, folder: Path | None) -> MakeBatches:
    train, _ = voc_splits(_named(folder))
    return lambda batch_size, seed: voc_object_batches(_named(folder), train, side, batch_size, seed=seed)


def _named(folder: Path | None) -> Path:
    if folder is None:
        raise ValueError("folder: got None, expected the folder where PASCAL VOC was unpacked (--folder)")
    return folder


def _names_sha256(*examples: Examples) -> str:
    return data_sha256(*(np.frombuffer("\n".join(some.names).encode(), np.uint8) for some in examples))


_ALIKE = Variation(stretch=1.3, tint=0.2, turns=(-15.0, 0.0, 15.0))

KINDS: dict[str, Kind] = {
    "digits": Kind(
        10,
        functools.partial(_painted, _digits, "one to four digits of MNIST", AS_THEY_CAME),
        functools.partial(
            _painted_objects,
            _digits,
            ONE_DIGIT,
            AS_THEY_CAME,
        ),
    ),
    "stamps": Kind(
        7,
        functools.partial(
            _painted,
            _stamps,
            "one to five animals, fruit, vegetables, flowers and road signs, cut out of photographs,",
            _ALIKE,
        ),
        functools.partial(
            _painted_objects,
            _stamps,
            Rules(objects=(1, 1), scale=(0.3, 0.9), cut=0.2, least_visible=0.6),
            _ALIKE,
        ),
        augmentation="things turned by up to 15°, stretched by up to 1.3, each colour by up to 0.2",
    ),
    "voc": Kind(
        len(CLASSES),
        _voc,
        _voc_objects,
        colours_change,
        "up to a fifth cut off at each edge, half of them mirrored, brightness and saturation by up to 1.5",
        longer=8,
    ),
}
