"""The challenge of assignment 1: recordings of a heart in trouble, and a score for the beats found."""

from collections.abc import Sequence

import numpy as np

Positions = Sequence[float] | np.ndarray  # in samples

R_PEAKS = (190, 518, 848)  # where the three beats of PyWavelets' `ecg` are highest
RATE = 360  # samples a second, supposed, to give the disturbances their speeds


def noisy_recording(clean: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A recording twice as long as the clean one, with everything that goes wrong at a bedside.

    The clean signal is repeated, begun at a random place, scaled by a gain that drifts between one half and
    two, laid on a baseline that wanders as the patient breathes, and disturbed by noise and by twelve clicks
    of one sample each.

    Parameters
    ----------
    clean : ndarray, shape (1024,)
        The ECG of `course_pkg.data.signals.ecg`.
    seed : int
        Which recording.

    Returns
    -------
    recording : ndarray, shape (2048,)
    beats : ndarray, shape (6,)
        The positions of its beats, in increasing order.

    Raises
    ------
    ValueError
        If `clean` is not 1,024 samples.

    Examples
    --------
    >>> recording, beats = noisy_recording(np.zeros(1024), seed=0)
    >>> recording.shape, beats.shape
    ((2048,), (6,))
    """
    if np.shape(clean) != (1024,):
        raise ValueError(f"clean has shape {np.shape(clean)}, expected the 1,024 samples of the ECG")
    rng = np.random.default_rng(seed)
    start = int(rng.integers(1024))
    x = np.roll(np.tile(np.asarray(clean, dtype=float), 2), start)
    beats = np.sort((np.add.outer([0, 1024], R_PEAKS).ravel() + start) % len(x))
    seconds = np.arange(len(x)) / RATE
    gain = 2.0 ** _wave(seconds, rng.uniform(0.1, 0.3), rng)
    baseline = 150 * _wave(seconds, rng.uniform(0.2, 0.5), rng)
    x = gain * x + baseline + rng.normal(0, 50, len(x))
    clicks = rng.choice(len(x), 12, replace=False)
    x[clicks] += rng.uniform(400, 800, 12)
    return x, beats


def f1_score(found: Positions, beats: Positions, within: int = 10) -> float:
    """How well the found positions agree with the true ones: 1 is perfect, 0 is no beat found.

    F1 = 2 hits / (found + true), where each true beat makes at most one of the found positions a hit, and
    each found position is a hit for at most one beat: the harmonic mean of precision and recall (van
    Rijsbergen, Information Retrieval, 1979).

    Parameters
    ----------
    found, beats : positions in samples
    within : int
        How many samples apart a found position and its beat may lie.

    Returns
    -------
    float
        0 to 1; 1 if there is nothing to find and nothing was found.

    Examples
    --------
    >>> f1_score([102, 250, 400], [100, 400])
    0.8
    """
    left = sorted(found)
    hits = 0
    for beat in sorted(beats):
        near = [position for position in left if abs(position - beat) <= within]
        if near:
            left.remove(near[0])  # the earliest leaves most for the beats that follow
            hits += 1
    total = len(found) + len(beats)
    return 2 * hits / total if total else 1.0


def _wave(seconds: np.ndarray, frequency: float, rng: np.random.Generator) -> np.ndarray:
    return np.sin(2 * np.pi * (frequency * seconds + rng.uniform()))
