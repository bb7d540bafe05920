"""Sliding windows over a padded signal, and products with the kernel."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve(x, w):
    return sliding_window_view(np.pad(np.array(x, float), len(w) - 1), len(w)) @ np.array(w, float)[::-1]


def flip(w):
    return np.flip(w)


def correlate(x, w):
    return sliding_window_view(np.pad(np.array(x, float), len(w) - 1), len(w)) @ np.array(w, float)


def pad(x, left, right, mode):
    x = np.asarray(x)
    N = len(x)
    if mode == "zero":
        padded = np.zeros(left + N + right, dtype=x.dtype)
        padded[left : left + N] = x
        return padded
    if mode == "circular":
        return np.take(x, np.arange(-left, N + right), mode="wrap")
    if mode == "reflect" and left < N and right < N:
        return np.concatenate([x[1 : left + 1][::-1], x, x[N - 1 - right : N - 1][::-1]])
    raise ValueError("no such padding")


def crop(y, N, K, mode):
    if mode == "same":
        return np.asarray(y)[(K - 1) // 2 :][:N]
    return np.asarray(y)[K - 1 :][: max(N - K + 1, 0)]


def slope_kernel(size, rate):
    mean = np.full(size, 1 / size)
    return (np.pad(mean, (0, 2)) - np.pad(mean, (2, 0))) * rate / 2


def convolution_matrix(w, N):
    K = len(w)
    spread = np.pad(np.array(w, float), N - 1)  # row n of T is a window of it, back to front
    return sliding_window_view(spread, N)[: N + K - 1, ::-1]


def match(x, template):
    u = sliding_window_view(np.array(x, float), len(template))
    u = u - u.mean(axis=1, keepdims=True)
    v = np.array(template, float) - np.mean(template)
    sizes = np.linalg.norm(u, axis=1) * np.linalg.norm(v)
    return np.where(sizes > 0, u @ v / np.where(sizes > 0, sizes, 1), 0)


def find_peaks(scores, threshold, distance):
    peaks = []
    for i in np.argsort(-np.asarray(scores, float), kind="stable"):
        if scores[i] >= threshold and all(abs(i - peak) >= distance for peak in peaks):
            peaks.append(i)
    return np.sort(np.array(peaks, dtype=int))


def find_beats(recording, clean):
    calm = np.median(sliding_window_view(np.pad(recording, 2, mode="edge"), 5), axis=1)
    windows = sliding_window_view(np.pad(calm, (20, 60), mode="edge"), 81)
    template = clean[170:251] - np.mean(clean[170:251])
    windows = windows - windows.mean(axis=1, keepdims=True)
    scores = windows @ template / np.linalg.norm(windows, axis=1) / np.linalg.norm(template)
    beats = []
    for n in np.argsort(-scores):
        if scores[n] >= 0.45 and all(abs(n - beat) > 250 for beat in beats):
            beats.append(n)
    return np.array(beats)
