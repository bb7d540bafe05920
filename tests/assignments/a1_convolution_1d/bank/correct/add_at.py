"""Outer products that are added up in place, and running sums."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve(x, w):
    products = np.outer(x, w)
    y = np.zeros(len(x) + len(w) - 1)
    np.add.at(y, np.add.outer(np.arange(len(x)), np.arange(len(w))), products)
    return y


def flip(w):
    return np.asarray(w)[::-1].copy()


def correlate(x, w):
    sums = np.bincount(
        np.subtract.outer(np.arange(len(x)), np.arange(len(w))).ravel() + len(w) - 1,
        weights=np.outer(x, w).ravel(),
        minlength=len(x) + len(w) - 1,
    )
    return sums


def pad(x, left, right, mode):
    x = np.asarray(x)
    if mode == "zero":
        return np.insert(np.append(x, np.zeros(right)), 0, np.zeros(left))
    if mode == "circular":
        return x.take(range(-left, len(x) + right), mode="wrap")
    if mode == "reflect":
        period = 2 * len(x) - 2
        if left > len(x) - 1 or right > len(x) - 1:
            raise ValueError("left and right must be less than N")
        phase = np.arange(-left, len(x) + right) % max(period, 1)
        return x[np.minimum(phase, period - phase)]
    raise ValueError(f"{mode!r} is no mode")


def crop(y, N, K, mode):
    starts_and_ends = {"same": ((K - 1) // 2, N + (K - 1) // 2), "valid": (K - 1, max(N, K - 1))}
    return np.array(y)[slice(*starts_and_ends[mode])]


def slope_kernel(size, rate):
    step = np.zeros(size + 3)
    step[[0, size]] = 1, -1
    step = np.cumsum(step)[:-1]
    return rate / (2 * size) * (step - step[::-1])


def convolution_matrix(w, N):
    T = np.zeros((N + len(w) - 1, N), order="F")
    for n in range(N):
        T[n : n + len(w), n] += w
    return T


def match(x, template):
    windows = sliding_window_view(np.array(x), len(template))
    return np.array([correlation(window, np.array(template)) for window in windows])


def correlation(u, v):
    if np.ptp(u) == 0 or np.ptp(v) == 0:
        return 0.0
    return np.corrcoef(u, v)[0, 1]


def find_peaks(scores, threshold, distance):
    scores = np.asarray(scores, float)
    free = scores >= threshold
    peaks = set()
    while free.any():
        best = np.flatnonzero(free)[np.argmax(scores[free])]
        peaks.add(int(best))
        free[max(best - distance + 1, 0) : best + distance] = False
    return sorted(peaks)


def find_beats(recording, clean):
    x = np.array(recording)
    typical = np.median(sliding_window_view(np.pad(x, 4, mode="reflect"), 9), axis=1)
    clicks = np.abs(x - typical) > 250
    x[clicks] = typical[clicks]
    x = np.median(sliding_window_view(np.pad(x, 1, mode="reflect"), 3), axis=1)
    x = np.pad(x, (20, 60), mode="reflect")
    windows = sliding_window_view(x, 81)
    scores = np.corrcoef(windows[::2], clean[None, 170:251])[-1, :-1]  # every second place will do
    beats = set()
    while scores.max() >= 0.45:
        best = int(np.argmax(scores))
        beats.add(2.0 * best)
        scores[max(best - 125, 0) : best + 125] = 0
    return sorted(beats)
