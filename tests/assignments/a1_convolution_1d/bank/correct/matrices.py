"""Everything is a matrix product: a table of indices says which sample meets which number."""

import numpy as np


def convolve(x, w):
    lag = np.arange(len(x) + len(w) - 1)[:, None] - np.arange(len(x))
    inside = (lag >= 0) & (lag < len(w))
    return np.where(inside, np.asarray(w)[np.clip(lag, 0, len(w) - 1)], 0) @ np.asarray(x)


def flip(w):
    return np.fliplr(np.eye(len(w))) @ np.asarray(w)


def correlate(x, w):
    position = np.arange(-(len(w) - 1), len(x))[:, None] + np.arange(len(w))
    inside = (position >= 0) & (position < len(x))
    return np.where(inside, np.asarray(x)[np.clip(position, 0, len(x) - 1)], 0) @ np.asarray(w)


def pad(x, left, right, mode):
    N = len(x)
    n = np.arange(left + N + right) - left
    if mode == "zero":
        source = n
    elif mode == "circular":
        source = np.mod(n, N)
    elif mode == "reflect":
        if left > N - 1 or right > N - 1:
            raise ValueError(f"{left} and {right} are too many for {N} samples")
        source = np.where(n < 0, -n, np.where(n >= N, 2 * N - 2 - n, n))
    else:
        raise ValueError(f"mode {mode}")
    return (source[:, None] == np.arange(N)) @ np.asarray(x)


def crop(y, N, K, mode):
    n = np.arange(len(y))
    start, end = (K - 1, N) if mode == "valid" else ((K - 1) // 2, (K - 1) // 2 + N)
    return np.asarray(y)[(n >= start) & (n < end)]


def slope_kernel(size, rate):
    offset = np.arange(size + 2)[:, None] - np.arange(size)
    return ((offset == 0) * (rate / 2) - (offset == 2) * (rate / 2)) @ np.full(size, 1 / size)


def convolution_matrix(w, N):
    return sum(value * np.eye(N + len(w) - 1, N, -k) for k, value in enumerate(w))


def match(x, template):
    K = len(template)
    centre = np.eye(K) - 1 / K
    u = np.asarray(x, float)[np.arange(len(x) - K + 1)[:, None] + np.arange(K)] @ centre
    v = centre @ np.asarray(template, float)
    squares = np.einsum("nk,nk->n", u, u) * (v @ v)
    flat = squares < 1e-18
    return np.where(flat, 0, u @ v / np.sqrt(np.where(flat, 1, squares)))


def find_peaks(scores, threshold, distance):
    scores = np.array(scores, dtype=float)
    near = np.abs(np.subtract.outer(np.arange(len(scores)), np.arange(len(scores)))) < distance
    peaks = np.zeros(len(scores), dtype=bool)
    while (scores >= threshold).any():
        best = np.argmax(scores)
        peaks[best] = True
        scores[near[best]] = -np.inf
    return np.flatnonzero(peaks)


def find_beats(recording, clean):
    N, before, after = len(recording), 20, 70
    at = np.abs(np.arange(N)[:, None] + np.arange(-2, 3))
    calm = np.median(np.asarray(recording)[np.where(at >= N, 2 * N - 2 - at, at)], axis=1)
    at = np.abs(np.arange(N)[:, None] + np.arange(-before, after + 1))
    windows = calm[np.where(at >= N, 2 * N - 2 - at, at)]  # a row for each sample
    centre = np.eye(before + 1 + after) - 1 / (before + 1 + after)
    windows, template = windows @ centre, centre @ clean[190 - before : 191 + after]
    scores = windows @ template / np.sqrt((windows**2) @ np.ones(len(template)) * (template @ template))
    near = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) < 250
    beats = []
    while scores.max() >= 0.45:
        beats.append(np.argmax(scores))
        scores[near[beats[-1]]] = 0
    return beats
