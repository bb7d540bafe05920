"""Real photographs, to filter."""

from typing import Literal, get_args

import numpy as np

from course_pkg._validate import positive_int

Name = Literal[
    "china", "flower", "astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel",
    "immunohistochemistry", "moon", "rocket",
]  # fmt: skip


def photograph(name: Name, every: int = 1) -> np.ndarray:
    """A photograph, for example of a palace ("china"), a dahlia ("flower") or a cat ("chelsea").

    Parameters
    ----------
    name
        In colour: "china", "flower", "astronaut", "chelsea", "coffee", "immunohistochemistry" (a stained
        tissue) and "rocket". Grey: "brick", "camera", "coins", "grass", "gravel" and "moon".
    every
        Keep one pixel of this many in each direction, for small figures; the pixels between are averaged in.

    Returns
    -------
    ndarray of float32, (3, height // every, width // every)
        Red, green and blue, 0 (dark) … 1 (bright); in a grey photograph all three are the same. "china" and
        "flower" are 427 pixels high and 640 wide.

    Raises
    ------
    ValueError
        If there is no photograph of that name, or `every` leaves no pixel.
    ModuleNotFoundError
        If the package in which the photograph comes, scikit-learn or scikit-image, is not installed.

    Notes
    -----
    Source: the sample images of scikit-learn, from the Flickr users danielbuechele (china) and vultilion
    (flower), both under the Creative Commons licence CC BY 2.0; the others are of scikit-image's
    `skimage.data`, which names the source of each: CC0, in the public domain or without known copyright.

    Examples
    --------
    >>> photograph("china").shape
    (3, 427, 640)
    >>> photograph("flower", every=4).shape
    (3, 106, 160)
    >>> photograph("brick").shape
    (3, 512, 512)
    """
    if name not in get_args(Name):
        raise ValueError(f"name: got {name!r}, expected one of {', '.join(map(repr, get_args(Name)))}")
    pixels = _pixels(name) / np.float32(255)
    every = positive_int("every", every)
    rows, columns = pixels.shape[0] // every, pixels.shape[1] // every
    if rows == 0:
        raise ValueError(f"every: got {every}, expected at most {pixels.shape[0]}, the photograph's height")
    blocks = pixels[: rows * every, : columns * every].reshape(rows, every, columns, every, 3)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3)).transpose(2, 0, 1))


def _pixels(name: Name) -> np.ndarray:
    """(height, width, 3) of 0 … 255."""
    package = "scikit-learn" if name in ("china", "flower") else "scikit-image"
    try:
        if package == "scikit-learn":
            from sklearn.datasets import load_sample_image

            return load_sample_image(f"{name}.jpg")
        import skimage.data
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"this photograph comes inside {package}, which is not installed: pip install {package}"
        ) from missing
    pixels = getattr(skimage.data, name)()
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)


def grey(image: np.ndarray) -> np.ndarray:
    """The brightness of a colour image.

    Parameters
    ----------
    image
        Red, green and blue: an array of floats, (3, height, width).

    Returns
    -------
    ndarray, (height, width)
        0.299 red + 0.587 green + 0.114 blue, the weights of the television standard ITU-R BT.601.

    Raises
    ------
    ValueError
        If `image` is not of shape (3, height, width).

    Examples
    --------
    >>> grey(np.ones((3, 2, 2))).round(6).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    if np.ndim(image) != 3 or len(image) != 3:
        raise ValueError(f"image: got shape {np.shape(image)}, expected (3, height, width)")
    return np.tensordot(np.array([0.299, 0.587, 0.114], image.dtype), image, axes=1)
