"""Reading files of data sets, with errors that name the file and what is wrong with it."""

from pathlib import Path

import numpy as np
from PIL import Image


def read_photograph(file: Path) -> np.ndarray:
    """A picture in any usual format, as red, green and blue, uint8, (3, height, width).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is cut off, or no picture.
    """
    return np.ascontiguousarray(_pixels(file, "RGB").transpose(2, 0, 1))


def read_indices(file: Path) -> np.ndarray:
    """The numbers that a PNG with a palette, or a grey one, has for its pixels, uint8, (height, width).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is cut off, no picture, or one in colours without a palette.
    """
    return _pixels(file, None)


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


def _pixels(file: Path, mode: str | None) -> np.ndarray:
    try:
        with Image.open(file) as picture:
            if mode is None and picture.mode not in ("P", "L"):
                raise ValueError(f"its pixels are of mode {picture.mode}, expected a palette or grey")
            return np.asarray(picture if mode is None else picture.convert(mode))
    except FileNotFoundError:
        raise
    # Pillow's decoders fail in all these ways on damaged files
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
        raise ValueError(f"{file}: cannot be read as a picture: {fault}") from fault
