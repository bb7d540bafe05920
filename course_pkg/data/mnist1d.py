"""MNIST-1D: ten one-dimensional "digits", drawn at random from templates.

The method is that of S. Greydanus and D. Kobak, "Scaling down deep learning with MNIST-1D" (ICML 2024,
arXiv 2011.14439). At its defaults the set equals the published one, number for number: each random draw below
happens in the published order, from the same legacy generator.
"""

from typing import NamedTuple

import numpy as np

from course_pkg._validate import integer, positive_int

POSITIONS = 40  # length of a finished example
CLASSES = 10
TRAIN_SHARE = 0.8

_PADDING = (36, 60)  # fewest and most zeros put after a template
_LONG = 12 + _PADDING[1]  # length of a signal while it is being changed: template and most zeros
_SCALING = 0.4  # width of the range of amplitude factors around 1
_SHIFTS = 48  # a signal moves right by 0 … 47
_SMOOTH_NOISE, _WHITE_NOISE = 0.25, 0.02  # standard deviations before smoothing
_SHEAR = 0.75
_BLUR = 2.0  # standard deviation of the smoothing gaussian, in positions


class Mnist1D(NamedTuple):
    """A drawn set. Over both parts together the signals have mean 0 and standard deviation 1."""

    x_train: np.ndarray
    """Signals to train on, float64, (examples, 40)."""
    y_train: np.ndarray
    """Their classes 0 … 9, int64, (examples,)."""
    x_test: np.ndarray
    """Signals to test on, float64, (examples, 40)."""
    y_test: np.ndarray
    """Their classes, int64, (examples,)."""
    templates: np.ndarray
    """The ten shapes that the signals are distorted copies of, one row a class, float64, (10, 12)."""


def make_mnist1d(size: int = 5000, seed: int = 42) -> Mnist1D:
    """Draw an MNIST-1D set: four fifths to train on, one fifth to test on.

    Parameters
    ----------
    size
        Number of examples, a positive multiple of 10: every class gets as many.
    seed
        Seed of the draw, 0 … 2**32 − 1. The same seed gives the same set; NumPy's global state is left alone.

    Returns
    -------
    Mnist1D
        With the defaults: 4,000 training and 1,000 test examples of 40 positions.

    Raises
    ------
    TypeError
        If an argument is not an integer.
    ValueError
        If `size` is not a positive multiple of 10, or `seed` is outside its range.

    Notes
    -----
    Source: Greydanus and Kobak, arXiv 2011.14439, section 2 and their reference code's defaults.

    Examples
    --------
    >>> digits = make_mnist1d()
    >>> digits.x_train.shape, digits.x_test.shape
    ((4000, 40), (1000, 40))
    >>> digits.y_train[:8].tolist()
    [2, 6, 4, 5, 6, 6, 6, 0]
    """
    size, seed = positive_int("size", size), integer("seed", seed, minimum=0)
    if size % CLASSES:
        raise ValueError(f"size: got {size}, expected a multiple of {CLASSES}")
    if seed >= 2**32:
        raise ValueError(f"seed: got {seed}, expected less than 2**32")

    random = np.random.RandomState(seed)
    shapes = templates()
    y = np.repeat(np.arange(CLASSES), size // CLASSES)  # (size,)
    x = np.stack([_distort(shapes[label], random) for label in y])  # (size, 40)
    order = random.permutation(size)
    x, y = x[order], y[order]
    x = (x - x.mean()) / x.std()
    cut = int(size * TRAIN_SHARE)
    return Mnist1D(x[:cut], y[:cut], x[cut:], y[cut:], shapes)


def templates() -> np.ndarray:
    """The ten shapes, each starting at 0.

    Returns
    -------
    ndarray of float64, (10, 12)
        One row a class, in arbitrary units of amplitude.

    Notes
    -----
    Source: Greydanus and Kobak, arXiv 2011.14439, figure 1 and their reference code.

    Examples
    --------
    >>> templates().shape
    (10, 12)
    >>> templates()[:, 0].tolist() == [0.0] * 10
    True
    """
    heights = np.array(
        [
            [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
            [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
            [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
            [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
            [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
            [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
            [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
            [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
            [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
            [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
        ]
    )
    standard = (heights - heights.mean(axis=1, keepdims=True)) / heights.std(axis=1, keepdims=True)
    return (standard - standard[:, :1]) / 6


def _distort(template: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """One random example (40,) of the class whose shape is `template` (12,)."""
    low, high = _PADDING
    zeros = low + int(random.rand() * (high - low + 1))
    # noise will go where the signal is exactly 0: a tiny offset keeps the template's own zeros out of that
    x = np.concatenate([template + 1e-8, np.zeros(zeros)])
    x = _resize(x, _LONG)
    x = x * (1 + _SCALING * (random.rand() - 0.5))
    x = np.roll(x, random.choice(_SHIFTS))
    smooth = _blur(_SMOOTH_NOISE * random.randn(_LONG))
    x = np.where(x == 0, smooth, x) + _WHITE_NOISE * random.randn(_LONG)
    x = x - _SHEAR * (random.rand() - 0.5) * np.linspace(-0.5, 0.5, _LONG)
    return _resize(x, POSITIONS)


def _resize(x: np.ndarray, length: int) -> np.ndarray:
    """`x` (n,) read at `length` evenly spaced places from first position to last, linear in between."""
    return np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(x)), x)


def _blur(x: np.ndarray) -> np.ndarray:
    """`x` (n,) smoothed with a gaussian cut off at four standard deviations; the ends are mirrored."""
    radius = int(4 * _BLUR + 0.5)
    offsets = np.arange(-radius, radius + 1)
    gaussian = np.exp(-0.5 * (offsets / _BLUR) ** 2)
    return np.convolve(np.pad(x, radius, mode="symmetric"), gaussian / gaussian.sum(), mode="valid")
