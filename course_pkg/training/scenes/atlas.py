"""What scenes are made of, on the device that paints them: cut-outs as bytes, photographs as numbers.

Each is there in several sizes, every one smaller than the one before by √2. What is painted smaller than it
came is sampled from the next larger size, so that four neighbours of a point are enough and no detail between
them is jumped over.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from course_pkg._validate import describe
from course_pkg.data.scenes.backgrounds import Backgrounds
from course_pkg.data.scenes.digits import DigitCutOuts
from course_pkg.data.scenes.stamps import BRIGHTNESS, LARGEST_ZOOM, StampCutOuts, may_be_mirrored, opaque_part


class Atlas(NamedTuple):
    """K cut-outs, each in V sizes."""

    pixels: torch.Tensor
    """Bytes, (K · V, C, S, S), from the top left corner on. C is 4 (red, green and blue times alpha, and
    alpha) or 1 (alpha alone, of cut-outs that get a colour when they are painted)."""
    levels: np.ndarray
    """Height and width of each, (K, V, 2)."""
    sizes: np.ndarray
    """Height and width as they came, (K, 2)."""
    labels: np.ndarray
    """Their classes, in ascending order, (K,)."""
    mirrored: np.ndarray
    """Which may be mirrored, bool, (K,)."""
    window: int
    """The longest side with which one is painted, in pixels."""

    @property
    def coloured(self) -> bool:
        """Whether they have colours of their own."""
        return self.pixels.shape[1] == 4

    @property
    def largest_zoom(self) -> float:
        """How far one is magnified at most."""
        return LARGEST_ZOOM if self.coloured else math.inf

    @property
    def brightness(self) -> tuple[float, float]:
        """Range of the factor of their colours."""
        return BRIGHTNESS


def cut_out_atlas(
    cut_outs: object,
    sides: tuple[float, float],
    turns: Sequence[float] = (0.0,),
    device: str | torch.device = "cpu",
) -> Atlas:
    """The cut-outs of scenes, brought to a device.

    Parameters
    ----------
    cut_outs
        `Scenes.cut_outs` of digits or stamps.
    sides
        The shortest and the longest that the longer side of one is painted, in pixels.
    turns
        Angles in degrees; each cut-out comes once turned by each.
    device
        Where the bytes are to lie.

    Returns
    -------
    Atlas
        Of len(turns) times as many cut-outs.

    Raises
    ------
    TypeError
        If `cut_outs` are neither digits nor stamps.

    Examples
    --------
    >>> from course_pkg.data.scenes import digit_scenes
    >>> atlas = cut_out_atlas(digit_scenes("test").cut_outs, (10, 40))
    >>> atlas.pixels.dtype, len(atlas.labels), atlas.window
    (torch.uint8, 1000, 40)
    """
    if not isinstance(cut_outs, StampCutOuts | DigitCutOuts):
        raise TypeError(f"cut_outs: got {describe(cut_outs)}, expected those of digit or stamp scenes")
    order = np.argsort(np.asarray(cut_outs.labels), kind="stable")
    labels = np.repeat(np.asarray(cut_outs.labels, np.int64)[order], len(turns))
    images = [_turned(cut_outs.images[i], degrees) for i in order for degrees in turns]
    window = math.ceil(sides[1])
    count = _levels_for(max(min(max(image.size), window) for image in images) / sides[0])
    stacks = [[_bytes(level) for level in _smaller(image, window, count)] for image in images]
    side = max(2, *(max(stack[0].shape[1:]) for stack in stacks))
    pixels = np.zeros((len(stacks), count, len(stacks[0][0]), side, side), np.uint8)
    for k, stack in enumerate(stacks):
        for v, level in enumerate(stack):
            pixels[k, v, :, : level.shape[1], : level.shape[2]] = level
    coloured = isinstance(cut_outs, StampCutOuts)
    return Atlas(
        pixels=torch.from_numpy(pixels).flatten(0, 1).to(device),
        levels=np.array([[level.shape[1:] for level in stack] for stack in stacks]),
        sizes=np.array([image.size[::-1] for image in images]),
        labels=labels,
        mirrored=np.array([coloured and may_be_mirrored(label) for label in labels.tolist()]),
        window=window,
    )


class Photographs(NamedTuple):
    """P photographs, each in V sizes."""

    pixels: list[list[torch.Tensor]]
    """Red, green and blue, 0 … 1, float32, (1, 3, height, width) each."""
    sizes: np.ndarray
    """Height and width of the largest, (P, 2)."""


def photographs_on(
    backgrounds: Backgrounds, size: tuple[int, int], device: str | torch.device = "cpu"
) -> Photographs:
    """The photographs of scenes, brought to a device.

    Parameters
    ----------
    backgrounds
        `Scenes.backgrounds`.
    size
        Height and width of the scenes.
    device
        Where the photographs are to lie.

    Examples
    --------
    >>> from course_pkg.data.scenes.backgrounds import backgrounds
    >>> photographs = photographs_on(backgrounds("test"), (64, 64))
    >>> len(photographs.pixels), photographs.pixels[0][0].shape
    (3, torch.Size([1, 3, 300, 451]))
    """
    count = _levels_for(backgrounds.field[1] / min(size))
    pixels = [
        [
            torch.from_numpy(_bytes(level)[None]).to(device).float() / 255
            for level in _smaller(photo, max(photo.size), count)
        ]
        for photo in backgrounds.photographs
    ]
    return Photographs(pixels, np.array([photo.size[::-1] for photo in backgrounds.photographs]))


def level_for(shrink: np.ndarray, count: int) -> np.ndarray:
    """Which size to sample from, 0 … count − 1, where that many pixels of the largest become one.

    Examples
    --------
    >>> level_for(np.array([0.5, 1.0, 1.4, 1.5, 2.0, 100.0]), count=4)
    array([0, 0, 0, 1, 2, 3])
    """
    return np.clip(np.floor(2 * np.log2(shrink) + 1e-9), 0, count - 1).astype(np.int64)


def sample(pictures: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, mode: str) -> torch.Tensor:
    """Pixels of pictures at any places between theirs.

    Parameters
    ----------
    pictures
        Floats, (N, C, h, w).
    rows, columns
        Where to look, 0 … h − 1 and 0 … w − 1, shape (N, H) and (N, W).
    mode
        "bilinear" or "bicubic".

    Returns
    -------
    Tensor, (N, C, H, W)

    Examples
    --------
    >>> picture = torch.arange(4.0).view(1, 1, 2, 2)
    >>> sample(picture, torch.tensor([[0.0, 0.5]]), torch.tensor([[0.0, 1.0]]), "bilinear")
    tensor([[[[0., 1.],
              [1., 2.]]]])
    """
    h, w = pictures.shape[2:]
    return look_up(pictures, rows * (2 / (h - 1)) - 1, columns * (2 / (w - 1)) - 1, mode)


def look_up(pictures: torch.Tensor, y: torch.Tensor, x: torch.Tensor, mode: str) -> torch.Tensor:
    """`sample` with places told as −1 … 1 from the middle of the first row or column to that of the last.

    Examples
    --------
    >>> picture = torch.arange(4.0).view(1, 1, 2, 2)
    >>> look_up(picture, torch.zeros(1, 1), torch.tensor([[-1.0, 1.0]]), "bilinear")
    tensor([[[[1., 2.]]]])
    """
    shape = (len(pictures), y.shape[1], x.shape[1])
    grid = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], dim=-1)
    return F.grid_sample(pictures, grid, mode=mode, padding_mode="border", align_corners=True)


def _levels_for(shrink: float) -> int:
    return 1 + max(0, math.floor(2 * math.log2(shrink) + 1e-9))


def _smaller(image: Image.Image, longest: float, count: int) -> list[Image.Image]:
    """An image in `count` sizes, the first no longer than `longest`."""
    first = min(1.0, longest / max(image.size))
    sizes = [
        (
            max(round(image.width * first * 2 ** (-v / 2)), 1),
            max(round(image.height * first * 2 ** (-v / 2)), 1),
        )
        for v in range(count)
    ]
    return [image if size == image.size else image.resize(size, Image.Resampling.BILINEAR) for size in sizes]


def _turned(image: Image.Image, degrees: float) -> Image.Image:
    if not degrees:
        return image
    turned = image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    return opaque_part(turned) if image.mode == "RGBA" else turned.crop(turned.getbbox())


def _bytes(image: Image.Image) -> np.ndarray:
    """(C, height, width); colours times alpha where there is alpha."""
    pixels = np.asarray(image.convert("RGBa") if image.mode == "RGBA" else image)
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))
