"""Multiplication of Fourier transforms, long enough that nothing wraps around."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve(x, w):
    n = len(x) + len(w) - 1
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(w, n), n)


def flip(w):
    return np.array(w)[np.arange(len(w))[::-1]]


def correlate(x, w):
    n = len(x) + len(w) - 1
    r = np.fft.ifft(np.fft.fft(x, n) * np.conj(np.fft.fft(w, n))).real
    return np.roll(r, len(w) - 1)  # m = -(K - 1) to the front


def pad(x, left, right, mode):
    x = np.asarray(x, dtype=float)
    n = np.arange(-left, len(x) + right)
    inside = (n >= 0) & (n < len(x))
    if mode == "zero":
        return np.where(inside, x[n % len(x)], 0)
    if mode == "circular":
        return x[n % len(x)]
    if mode == "reflect":
        if max(left, right) >= len(x):
            raise ValueError("reflect reaches too far")
        n = np.abs(n)
        return x[np.where(n >= len(x), 2 * len(x) - 2 - n, n)]
    raise ValueError(mode)


def crop(y, N, K, mode):
    start, count = (K - 1, max(N - K + 1, 0)) if mode == "valid" else ((K - 1) // 2, N)
    return [y[start + i] for i in range(count)]


def slope_kernel(size, rate):
    n = size + 2
    mean, difference = np.ones(size) / size, np.array([0.5, 0, -0.5]) * rate
    return np.fft.irfft(np.fft.rfft(mean, n) * np.fft.rfft(difference, n), n)


def convolution_matrix(w, N):
    n = N + len(w) - 1
    impulses = np.fft.fft(np.eye(n, N), axis=0)
    return np.fft.ifft(np.fft.fft(w, n)[:, None] * impulses, axis=0).real


def match(x, template):
    x, v = np.asarray(x, float), np.asarray(template, float)
    K, n = len(v), len(x) + len(v) - 1
    v = v - v.mean()
    products = np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(v[::-1], n), n)[K - 1 : len(x)]
    sizes = sliding_window_view(x, K).std(axis=1) * np.sqrt(K) * np.linalg.norm(v)
    scores = np.zeros(len(x) - K + 1)
    return np.divide(products, sizes, out=scores, where=sizes > 1e-9)


def find_peaks(scores, threshold, distance):
    left = {i: s for i, s in enumerate(scores) if s >= threshold}
    peaks = []
    while left:
        best = max(left, key=lambda i: (left[i], -i))
        peaks.append(best)
        left = {i: s for i, s in left.items() if abs(i - best) >= distance}
    return sorted(peaks)


def find_beats(recording, clean):
    # the middle one of three neighbours is never a click
    left, right = np.roll(recording, 1), np.roll(recording, -1)
    calm = np.maximum(np.minimum(left, right), np.minimum(np.maximum(left, right), recording))
    calm = np.concatenate([calm[20:0:-1], calm, calm[-2:-62:-1]])
    template = clean[170:251] - np.mean(clean[170:251])
    n = len(calm) + 80
    products = np.fft.irfft(np.fft.rfft(calm, n) * np.fft.rfft(template[::-1], n), n)[80 : len(calm)]
    sums = np.cumsum(np.insert(calm, 0, 0))
    squares = np.cumsum(np.insert(calm**2, 0, 0))
    means = (sums[81:] - sums[:-81]) / 81
    variances = (squares[81:] - squares[:-81]) / 81 - means**2
    scores = products / np.sqrt(81 * variances * (template @ template))
    beats = []
    while scores.max() > 0.45:
        beats.append(int(scores.argmax()))
        scores[max(beats[-1] - 240, 0) : beats[-1] + 240] = 0
    return beats
