"""Later parts call the functions of earlier ones."""

import numpy as np


def convolve(x, w):
    y = np.zeros(len(x) + len(w) - 1)
    for k in range(len(w)):
        y[k : k + len(x)] += np.multiply(x, w[k])
    return y


def flip(w):
    return w[::-1]


def correlate(x, w):
    return convolve(x, flip(w))


def pad(x, left, right, mode):
    N = len(x)
    if mode == "zero":
        return [0] * left + list(x) + [0] * right
    if mode == "circular":
        periods = list(x) * ((left + right) // N + 3)
        start = N * (left // N + 1) - left
        return periods[start : start + left + N + right]
    if mode == "reflect" and max(left, right) < N:
        return pad(list(x) + list(flip(x))[1:-1], left, right, "circular")[: left + N] + [
            x[N - 2 - i] for i in range(right)
        ]
    raise ValueError("impossible padding")


def crop(y, N, K, mode):
    if mode == "same":
        return y[(K - 1) // 2 : (K - 1) // 2 + N]
    return y[K - 1 : K - 1 + max(N - K + 1, 0)]


def slope_kernel(size, rate):
    return convolve(np.ones(size) / size, [rate / 2, 0, -rate / 2])


def convolution_matrix(w, N):
    return np.column_stack([convolve(impulse, w) for impulse in np.eye(N)])


def match(x, template):
    x, K = np.asarray(x, dtype=float), len(template)

    def at_each(values, kernel):
        return np.array(crop(correlate(values, kernel), len(values), K, "valid"))

    x = x - x.mean()  # keeps the squares small
    v = np.asarray(template) - np.mean(template)
    means = at_each(x, np.ones(K)) / K
    squares = np.maximum(at_each(x**2, np.ones(K)) - K * means**2, 0) * (v @ v)
    return np.where(squares > 1e-9, at_each(x, v) / np.sqrt(np.where(squares > 1e-9, squares, 1)), 0)


def find_peaks(scores, threshold, distance):
    left, peaks = np.array(scores, float), []
    while left.max() >= threshold:
        peaks.append(int(left.argmax()))
        left[np.abs(np.arange(len(left)) - peaks[-1]) < distance] = -np.inf
    return sorted(peaks)


def find_beats(recording, clean):
    x = np.array(pad(recording, 2, 2, "reflect"))
    calm = np.median([x[k : k + len(recording)] for k in range(5)], axis=0)
    scores = match(pad(calm, 20, 60, "reflect"), clean[170:251])
    return find_peaks(scores, threshold=0.45, distance=251)
