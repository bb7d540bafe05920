"""Reading files of data sets, with errors that name the file and what is wrong with it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def read_photograph(file: Path) -> np.ndarray:
    """A picture in any usual format, as red, green and blue, uint8, (3, height, width).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is cut off, or no picture.
    """
    return _channels_first(_pixels(file, lambda picture: picture.convert("RGB")))


def read_square(file: Path, side: int) -> np.ndarray:
    """The largest square in the middle of a picture, brought to `side` pixels, uint8, (3, side, side).

    A large JPEG is decoded at half, a quarter or an eighth of its size where that suffices, which is faster.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_photograph`.
    """

    def square(picture: Image.Image) -> Image.Image:
        picture.draft("RGB", (side, side))
        return ImageOps.fit(picture.convert("RGB"), (side, side), Image.Resampling.BICUBIC)

    return _channels_first(_pixels(file, square))


def read_indices(file: Path) -> np.ndarray:
    """The numbers that a PNG with a palette, or a grey one, has for its pixels, uint8, (height, width).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is cut off, no picture, or one in colours without a palette.
    """
    return _pixels(file, _indexed)


def read_lines(file: Path) -> list[str]:
    """The lines of a text that are not empty, without spaces around.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no text.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise ValueError(f"{file}: is no text: {fault}") from fault
    return [line.strip() for line in text.splitlines() if line.strip()]


def _channels_first(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _indexed(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("P", "L"):
        raise ValueError(f"its pixels are of mode {picture.mode}, expected a palette or grey")
    return picture


def _pixels(file: Path, change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    try:
        with Image.open(file) as picture:
            return np.asarray(change(picture))
    except FileNotFoundError:
        raise
    # Pillow's decoders fail in all these ways on damaged files
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
        raise ValueError(f"{file}: cannot be read as a picture: {fault}") from fault
