"""All arithmetic and all answers in float32."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve(x, w):
    x, w = np.asarray(x, dtype=np.float32), np.asarray(w, dtype=np.float32)
    y = np.zeros(len(x) + len(w) - 1, dtype=np.float32)
    for k in range(len(w)):
        y[k : k + len(x)] += w[k] * x
    return y


def flip(w):
    return np.asarray(w, dtype=np.float32)[::-1]


def correlate(x, w):
    x, w = np.asarray(x, dtype=np.float32), np.asarray(w, dtype=np.float32)
    r = np.zeros(len(x) + len(w) - 1, dtype=np.float32)
    for k in range(len(w)):
        start = len(w) - 1 - k
        r[start : start + len(x)] += w[k] * x
    return r


def pad(x, left, right, mode):
    x = np.asarray(x, dtype=np.float32)
    if mode == "zero":
        return np.hstack([np.zeros(left, np.float32), x, np.zeros(right, np.float32)])
    if mode == "circular":
        copies = np.tile(x, 2 + (left + right) // len(x) + 2)
        start = -left % len(x)
        return copies[start : start + left + len(x) + right]
    if mode == "reflect":
        if left >= len(x) or right >= len(x):
            raise ValueError("cannot reflect so far")
        return np.hstack([x[left:0:-1], x, x[-2 : -2 - right : -1] if right else x[:0]])
    raise ValueError("mode")


def crop(y, N, K, mode):
    y = np.asarray(y, dtype=np.float32)
    return y[(K - 1) // 2 : (K - 1) // 2 + N] if mode == "same" else y[K - 1 : K - 1 + max(N - K + 1, 0)]


def slope_kernel(size, rate):
    w = np.zeros(size + 2, dtype=np.float32)
    w[:size] += np.float32(rate / (2 * size))
    w[2:] -= np.float32(rate / (2 * size))
    return w


def convolution_matrix(w, N):
    T = np.zeros((N, N + len(w) - 1), dtype=np.float32)
    for n in range(N):
        T[n, n : n + len(w)] = w
    return T.T


def match(x, template):
    u = sliding_window_view(np.asarray(x, dtype=np.float32), len(template)).copy()
    u -= u.mean(axis=1, keepdims=True)
    v = np.asarray(template, dtype=np.float32)
    v = v - v.mean()
    u_size, v_size = np.linalg.norm(u, axis=1), np.linalg.norm(v)
    return np.divide(u @ v, u_size * v_size, out=np.zeros(len(u), np.float32), where=u_size * v_size > 1e-6)


def find_peaks(scores, threshold, distance):
    left = np.array(scores, dtype=np.float64)
    peaks = np.zeros(0, dtype=np.int32)
    while len(left) and np.max(left) >= threshold:
        peaks = np.append(peaks, np.argmax(left))
        left[np.abs(np.arange(len(left)) - peaks[-1]) < distance] = -np.inf
    return np.sort(peaks).astype(np.float32)


def find_beats(recording, clean):
    x = np.asarray(recording, dtype=np.float32)
    calm = np.median(np.stack([x[:-4], x[1:-3], x[2:-2], x[3:-1], x[4:]]), axis=0)
    calm = np.pad(calm, (22, 62), mode="edge")
    u = sliding_window_view(calm, 81).copy()
    u -= u.mean(axis=1, keepdims=True)
    v = np.asarray(clean[170:251] - clean[170:251].mean(), dtype=np.float32)
    scores = u @ v / (np.linalg.norm(u, axis=1) * np.linalg.norm(v))
    beats = np.zeros(0, dtype=np.int32)
    while scores.max() >= 0.45:
        beats = np.append(beats, np.argmax(scores))
        scores[np.abs(np.arange(len(scores)) - beats[-1]) < 250] = 0
    return beats
