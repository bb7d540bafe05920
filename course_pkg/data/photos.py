"""Real photographs, to filter."""

from typing import Literal, get_args

import numpy as np

from course_pkg._validate import positive_int

Name = Literal["china", "flower"]


def photograph(name: Name, every: int = 1) -> np.ndarray:
    """A colour photograph: a palace ("china") or a dahlia ("flower").

    Parameters
    ----------
    name
        "china" or "flower".
    every
        Keep one pixel of this many in each direction, for small figures; the pixels between are averaged in.

    Returns
    -------
    ndarray of float32, (3, 427 // every, 640 // every)
        Red, green and blue, 0 (dark) … 1 (bright).

    Raises
    ------
    ValueError
        If there is no photograph of that name, or `every` leaves no pixel.
    ModuleNotFoundError
        If the package scikit-learn, in which the photographs come, is not installed.

    Notes
    -----
    Source: the sample images of scikit-learn, from the Flickr users danielbuechele (china) and vultilion
    (flower), both under the Creative Commons licence CC BY 2.0.

    Examples
    --------
    >>> photograph("china").shape
    (3, 427, 640)
    >>> photograph("flower", every=4).shape
    (3, 106, 160)
    """
    if name not in get_args(Name):
        raise ValueError(f"name: got {name!r}, expected one of {', '.join(map(repr, get_args(Name)))}")
    try:
        from sklearn.datasets import load_sample_image
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "the photographs come inside scikit-learn, which is not installed: pip install scikit-learn"
        ) from missing

    pixels = load_sample_image(f"{name}.jpg") / np.float32(255)  # (427, 640, 3)
    every = positive_int("every", every)
    rows, columns = pixels.shape[0] // every, pixels.shape[1] // every
    if rows == 0:
        raise ValueError(f"every: got {every}, expected at most {pixels.shape[0]}, the photograph's height")
    blocks = pixels[: rows * every, : columns * every].reshape(rows, every, columns, every, 3)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3)).transpose(2, 0, 1))


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
