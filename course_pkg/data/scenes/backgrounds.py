"""Backgrounds of scenes: random parts of photographs, which are never shared between splits."""

import functools
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PIL import Image

from course_pkg._validate import choice
from course_pkg.data.photos import Name, photograph

Split = Literal["train", "validation", "test"]

PHOTOGRAPHS: dict[Split, tuple[Name, ...]] = {
    "train": ("china", "astronaut", "camera", "grass", "immunohistochemistry", "moon", "rocket"),
    "validation": ("flower", "gravel", "coins"),
    "test": ("chelsea", "coffee", "brick"),
}


@dataclass(frozen=True)
class Backgrounds:
    """Photographs to cut backgrounds from."""

    photographs: tuple[Image.Image, ...]
    field: tuple[float, float]
    """Shortest and longest shorter side of the part that is cut out, in pixels of the photograph."""

    def draw(self, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
        """A part of a random photograph, perhaps mirrored, in other colours: float32, (height, width, 3).

        Examples
        --------
        >>> backgrounds("test").draw(np.random.default_rng(0), 48, 64).shape
        (48, 64, 3)
        """
        photo = self.photographs[rng.integers(len(self.photographs))]
        largest = min(photo.width / width, photo.height / height)  # pixels of the photograph a pixel
        zoom = min(rng.uniform(*self.field) / min(height, width), largest)
        w, h = min(width * zoom, photo.width), min(height * zoom, photo.height)
        left, top = rng.uniform(0, photo.width - w), rng.uniform(0, photo.height - h)
        box = (left, top, min(left + w, photo.width), min(top + h, photo.height))  # rounding may go beyond
        part = photo.resize((width, height), Image.Resampling.BILINEAR, box=box)
        pixels = np.array(part, np.float32)
        if rng.random() < 0.5:
            pixels = pixels[:, ::-1]
        gain = rng.uniform(0.5, 1) / 255 * rng.uniform(0.7, 1, 3)  # less contrast, and a tint
        offset = rng.uniform(0, 1 - 255 * gain.max())
        pixels *= gain.astype(np.float32)
        pixels += np.float32(offset)
        return pixels


def backgrounds(
    split: Split, field: tuple[float, float] = (64, 256), without: tuple[Name, ...] = ()
) -> Backgrounds:
    """The photographs of a split.

    Parameters
    ----------
    split
        "train", "validation" or "test"; each has photographs of its own.
    field
        Shortest and longest shorter side of the parts, in pixels of the photograph; no longer than it is.
    without
        Photographs to leave out.

    Returns
    -------
    Backgrounds

    Raises
    ------
    ValueError
        If there is no such split.
    ModuleNotFoundError
        If scikit-learn or scikit-image, in which the photographs come, is not installed.

    Examples
    --------
    >>> [len(backgrounds(split).photographs) for split in PHOTOGRAPHS]
    [7, 3, 3]
    """
    choice("split", split, get_args(Split))
    names = [name for name in PHOTOGRAPHS[split] if name not in without]
    return Backgrounds(tuple(_image(name) for name in names), field)


@functools.cache
def _image(name: Name) -> Image.Image:
    pixels = (photograph(name) * 255).round().astype(np.uint8)
    return Image.fromarray(pixels.transpose(1, 2, 0))
