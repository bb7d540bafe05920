"""Signals to convolve: a recorded heart, a random walk, a plucked string."""

import numpy as np
import pywt.data

from course_pkg._validate import integer, positive_int


def ecg() -> np.ndarray:
    """An electrocardiogram: three heartbeats, recorded.

    The samples are as PyWavelets carries them. It documents neither sampling rate nor unit, so speak of
    samples, not of seconds or millivolts.

    Returns
    -------
    ndarray of float64, (1024,)
        Whole numbers from −112 to 250.

    Notes
    -----
    Source: `pywt.data.ecg` of PyWavelets (G. R. Lee et al., Journal of Open Source Software 4(36), 2019).

    Examples
    --------
    >>> heart = ecg()
    >>> heart.shape, int(heart.argmax()), heart.max()
    ((1024,), 190, np.float64(250.0))
    """
    return pywt.data.ecg().astype(np.float64)


def random_walk(length: int, seed: int = 0) -> np.ndarray:
    """Where a walker is who starts at 0 and takes a normally distributed step each time.

    Parameters
    ----------
    length
        Number of positions, at least 1; the first is 0.
    seed
        Seed of the steps, at least 0.

    Returns
    -------
    ndarray of float64, (length,)
        Positions, in units of the steps' standard deviation.

    Raises
    ------
    TypeError
        If an argument is not an integer.
    ValueError
        If `length` is less than 1, or `seed` negative.

    Examples
    --------
    >>> random_walk(4, seed=1).round(2).tolist()
    [0.0, 0.35, 1.17, 1.5]
    """
    length, seed = positive_int("length", length), integer("seed", seed, minimum=0)
    steps = np.random.default_rng(seed).standard_normal(length - 1)
    return np.concatenate([[0.0], steps.cumsum()])


def plucked_string(length: int, period: int = 50, seed: int = 0) -> np.ndarray:
    """A sound like that of a plucked string: a burst of noise that goes round and is smoothed at each turn.

    Each sample is the mean of two neighbours one period ago, so that high tones die away first.

    Parameters
    ----------
    length
        Number of samples, at least 1.
    period
        Samples between a sample and the newer of its two, at least 2. The tone repeats every `period` + 1/2.
    seed
        Seed of the burst, at least 0.

    Returns
    -------
    ndarray of float64, (length,)
        Amplitudes between −1 and 1.

    Raises
    ------
    TypeError
        If an argument is not an integer.
    ValueError
        If `length` is less than 1, `period` less than 2, or `seed` negative.

    Notes
    -----
    Source: K. Karplus and A. Strong, "Digital synthesis of plucked-string and drum timbres", Computer Music
    Journal 7(2), 1983.

    Examples
    --------
    >>> string = plucked_string(2000)
    >>> bool(abs(string[-200:]).max() < abs(string[:200]).max() / 2)
    True
    """
    length, period = positive_int("length", length), integer("period", period, minimum=2)
    burst = np.random.default_rng(integer("seed", seed, minimum=0)).uniform(-1, 1, period + 1)
    burst -= burst.mean()  # a constant would never die away
    burst /= abs(burst).max()
    y = np.concatenate([burst, np.zeros(length)])[:length]
    for n in range(period + 1, length):
        y[n] = (y[n - period] + y[n - period - 1]) / 2
    return y
