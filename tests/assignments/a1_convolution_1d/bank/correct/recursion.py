"""Each problem in terms of a smaller one of its kind."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve(x, w):
    x, w = np.asarray(x), np.asarray(w)
    if len(x) == 1:
        return x[0] * w
    half = len(x) // 2
    front, back = convolve(x[:half], w), convolve(x[half:], w)
    return np.concatenate([front, np.zeros(len(x) - half)]) + np.concatenate([np.zeros(half), back])


def flip(w):
    w = list(w)
    return w if len(w) <= 1 else flip(w[1:]) + w[:1]


def correlate(x, w):
    x, w = np.asarray(x), np.asarray(w)
    if len(w) == 1:
        return x * w[0]
    rest = correlate(x, w[1:])  # from m = -(K - 2) on, counted for w[1:]
    return np.append(rest, 0) + np.append(np.zeros(len(w) - 1), x * w[0])


def pad(x, left, right, mode):
    x = list(x)
    if mode not in ("zero", "circular", "reflect"):
        raise ValueError("mode")
    if mode == "reflect" and max(left, right) > len(x) - 1:
        raise ValueError("reflect")
    if left == 0 and right == 0:
        return x
    if mode == "zero":
        return [0, *pad(x, left - 1, right, mode)] if left else [*pad(x, left, right - 1, mode), 0]
    if mode == "circular":
        if left:
            longer = pad(x, left - 1, right, mode)
            return [longer[len(x) - 1], *longer]
        longer = pad(x, left, right - 1, mode)
        return [*longer, longer[-len(x)]]
    if left:
        return [x[left], *pad(x, left - 1, right, mode)]
    return [*pad(x, left, right - 1, mode), x[-1 - right]]


def crop(y, N, K, mode):
    def middle(y, drop_front, drop_back):
        if drop_front:
            return middle(y[1:], drop_front - 1, drop_back)
        if drop_back:
            return middle(y[:-1], drop_front, drop_back - 1)
        return y

    if mode == "same":
        return middle(y, (K - 1) // 2, K - 1 - (K - 1) // 2)
    return middle(y, K - 1, K - 1) if K <= N else []


def slope_kernel(size, rate):
    if size == 1:
        return np.array([rate / 2, 0, -rate / 2])
    smaller = slope_kernel(size - 1, rate) * (size - 1)
    smaller = np.append(smaller, 0)
    smaller[size - 1] += rate / 2
    smaller[size + 1] -= rate / 2
    return smaller / size


def convolution_matrix(w, N):
    if N == 1:
        return np.array(w, dtype=float)[:, None]
    smaller = convolution_matrix(w, N - 1)
    T = np.zeros((len(w) + N - 1, N))
    T[:-1, :-1] = smaller
    T[N - 1 :, -1] = w
    return T


def match(x, template):
    if len(x) < len(template):
        return []
    u, v = np.array(x[: len(template)], float), np.array(template, float)
    u, v = u - np.mean(u), v - np.mean(v)
    size = np.sqrt(np.sum(u**2) * np.sum(v**2))
    return [float(np.sum(u * v) / size) if size else 0.0, *match(x[1:], template)]


def find_peaks(scores, threshold, distance):
    def peaks_in(available):
        if not available:
            return []
        best = max(available, key=lambda i: (scores[i], -i))
        if scores[best] < threshold:
            return []
        return [best, *peaks_in([i for i in available if abs(i - best) >= distance])]

    return sorted(peaks_in(list(range(len(scores)))))


def find_beats(recording, clean):
    calm = np.median(sliding_window_view(np.pad(recording, 2, mode="reflect"), 5), axis=1)
    windows = sliding_window_view(np.pad(calm, (15, 65), mode="reflect"), 81)
    template = clean[175:256] - np.mean(clean[175:256])
    windows = windows - windows.mean(axis=1, keepdims=True)
    scores = windows @ template / np.linalg.norm(windows, axis=1) / np.linalg.norm(template)

    def beats_between(start, end):
        if start >= end:
            return []
        beat = start + int(np.argmax(scores[start:end]))
        if scores[beat] < 0.45:
            return []
        return [*beats_between(start, beat - 250), beat, *beats_between(beat + 251, end)]

    return beats_between(0, len(scores))
