"""Scenes of handwritten digits on photographs: all that they are made of comes inside pip packages."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from course_pkg.data.digits import mnist_digits
from course_pkg.data.scenes.backgrounds import Split, backgrounds
from course_pkg.data.scenes.compose import CutOut, Rules
from course_pkg.data.scenes.sequence import Scenes

CLASSES = tuple("0123456789")
RULES = Rules(objects=(1, 4), scale=(0.3, 0.6), cut=0.15, least_visible=0.8, overlap=0.35)


@dataclass(frozen=True)
class DigitCutOuts:
    """Digits, cut out along their ink."""

    images: tuple[Image.Image, ...]
    labels: np.ndarray

    def __call__(self, rng: np.random.Generator, side: float) -> CutOut:
        """A random digit whose longer side is about `side` pixels."""
        i = int(rng.integers(len(self.images)))
        image, zoom = self.images[i], side / max(self.images[i].size)
        size = [max(round(length * zoom), 1) for length in image.size]
        ink = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
        # magnified, the ink's soft edge gets wide: make it about a pixel again
        sharp = np.clip((ink - np.float32(0.5)) * np.float32(max(zoom, 1)) + np.float32(0.5), 0, 1)
        return CutOut(sharp, None, int(self.labels[i]))


def digit_scenes(
    split: Split = "train",
    size: int | tuple[int, int] = 64,
    *,
    count: int | None = None,
    seed: int = 0,
    rules: Rules = RULES,
) -> Scenes:
    """Scenes with one to four handwritten digits on photographs.

    Neither a digit nor a photograph is in two splits: the digits to train on are the first 3,500 of
    `mnist_digits`' training part, those to validate on its other 500, those to test on its test part. Results
    on such scenes say nothing about results on photographs of real things, such as PASCAL VOC.

    Parameters
    ----------
    split
        "train", "validation" or "test".
    size
        Height and width in pixels, 16 or more; one number for both.
    count
        How many scenes; 50,000 to train on, else 1,000, if not given. The first are the same for any count.
    seed
        Another seed gives other scenes.
    rules
        How many digits, how large, how well seen: one to four, their longer side 0.3 to 0.6 of the image's,
        at least 0.8 of each seen, if not given.

    Returns
    -------
    Scenes
        A sequence; its classes are "0" … "9".

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    ModuleNotFoundError
        If a package in which digits or photographs come is not installed.

    Examples
    --------
    >>> scenes = digit_scenes("test", size=64)
    >>> scene = scenes[7]
    >>> scene.image.shape, scene.mask.shape, len(scenes)
    ((3, 64, 64), (64, 64), 1000)
    >>> scene.labels.tolist()
    [3, 0, 5]
    """
    photographs = backgrounds(split)
    digits = mnist_digits()
    x, y = {
        "train": (digits.x_train[:3500], digits.y_train[:3500]),
        "validation": (digits.x_train[3500:], digits.y_train[3500:]),
        "test": (digits.x_test, digits.y_test),
    }[split]
    cut_outs = DigitCutOuts(tuple(_ink(image[0]) for image in x), y)
    return Scenes(CLASSES, cut_outs, photographs, rules, size, split, seed, count)


def _ink(image: np.ndarray) -> Image.Image:
    """The part of a digit's frame that has ink."""
    whole = Image.fromarray((image * 255).round().astype(np.uint8))
    return whole.crop(whole.getbbox())
