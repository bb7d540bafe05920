"""The signal is rolled past the kernel in a row long enough for both."""

import numpy as np


def convolve(x, w):
    row = np.zeros(len(x) + len(w) - 1)
    row[: len(x)] = x
    return sum(np.roll(row, k) * value for k, value in enumerate(w))


def flip(w):
    return np.roll(np.array(w), -1)[::-1] if len(w) == 1 else np.array([w[-1 - k] for k in range(len(w))])


def correlate(x, w):
    row = np.zeros(len(x) + len(w) - 1)
    row[len(w) - 1 :] = x
    return sum(np.roll(row, -k) * value for k, value in enumerate(w))


def pad(x, left, right, mode):
    x, N = np.array(x, dtype=float), len(x)
    if mode == "zero":
        return np.roll(np.concatenate([x, np.zeros(left + right)]), left)
    if mode == "circular":
        return np.resize(np.roll(x, left), left + N + right)
    if mode == "reflect":
        if max(left, right) >= N:
            raise ValueError("too few samples to reflect")
        there_and_back = np.concatenate([x, x[-2:0:-1]])
        return np.resize(np.roll(there_and_back, left), left + N + right)
    raise ValueError("zero, circular or reflect")


def crop(y, N, K, mode):
    if mode == "same":
        return np.roll(y, -((K - 1) // 2))[:N]
    return np.roll(y, 1 - K)[: max(0, N - K + 1)]


def slope_kernel(size, rate):
    row = np.zeros(size + 2)
    row[:size] = rate / size / 2
    return row - np.roll(row, 2)


def convolution_matrix(w, N):
    column = np.zeros(N + len(w) - 1)
    column[: len(w)] = w
    return np.transpose([np.roll(column, n) for n in range(N)])


def match(x, template):
    x, v = np.array(x, float), np.array(template, float) - np.mean(template)
    rows = np.stack([np.roll(x, -k) for k in range(len(v))])[:, : len(x) - len(v) + 1]
    rows = rows - rows.mean(axis=0)
    top, bottom = (rows * v[:, None]).sum(axis=0), np.sqrt((rows**2).sum(axis=0) * (v**2).sum())
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(top / bottom)


def find_peaks(scores, threshold, distance):
    scores, peaks = list(scores), []
    while scores and max(scores) >= threshold:
        best = scores.index(max(scores))
        peaks.append(best)
        for i in range(max(0, best - distance + 1), min(len(scores), best + distance)):
            scores[i] = float("-inf")
    peaks.sort()
    return peaks


def find_beats(recording, clean):
    calm = np.median(np.stack([np.roll(recording, k) for k in (-2, -1, 0, 1, 2)]), axis=0)
    template = np.array(clean[170:251]) - np.mean(clean[170:251])
    rows = np.stack([np.roll(calm, 20 - k) for k in range(81)])
    rows = rows - rows.mean(axis=0)
    scores = template @ rows / np.sqrt((rows**2).sum(axis=0) * (template**2).sum())
    beats = []
    while scores.max() >= 0.45:
        beat = int(np.argmax(scores))
        beats.append(beat)
        scores[max(0, beat - 250) : beat + 251] = -1
    return beats
