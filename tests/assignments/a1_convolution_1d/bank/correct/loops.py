"""Plain loops over lists of numbers; NumPy only where an array is asked for."""

import numpy as np


def convolve(x, w):
    y = [0.0] * (len(x) + len(w) - 1)
    for i in range(len(x)):
        for k in range(len(w)):
            y[i + k] += float(x[i]) * float(w[k])
    return y


def flip(w):
    flipped = []
    for value in w:
        flipped.insert(0, value)
    return flipped


def correlate(x, w):
    r = []
    for m in range(-(len(w) - 1), len(x)):
        total = 0.0
        for k in range(len(w)):
            if 0 <= m + k < len(x):
                total += float(x[m + k]) * float(w[k])
        r.append(total)
    return r


def pad(x, left, right, mode):
    if mode not in ("zero", "circular", "reflect"):
        raise ValueError(f"unknown mode {mode}")
    if mode == "reflect" and (left >= len(x) or right >= len(x)):
        raise ValueError("the mirror does not reach that far")
    padded = []
    for n in range(-left, len(x) + right):
        if 0 <= n < len(x):
            padded.append(x[n])
        elif mode == "zero":
            padded.append(0.0)
        elif mode == "circular":
            padded.append(x[n % len(x)])
        elif n < 0:
            padded.append(x[-n])
        else:
            padded.append(x[2 * (len(x) - 1) - n])
    return padded


def crop(y, N, K, mode):
    cropped = []
    for n in range(N + K - 1):
        if mode == "valid" and K - 1 <= n < N:
            cropped.append(y[n])
        if mode == "same" and (K - 1) // 2 <= n < (K - 1) // 2 + N:
            cropped.append(y[n])
    return cropped


def slope_kernel(size, rate):
    w = [0.0] * (size + 2)
    for i in range(size):
        w[i] += rate / (2 * size)
        w[i + 2] -= rate / (2 * size)
    return w


def convolution_matrix(w, N):
    T = np.zeros((N + len(w) - 1, N))
    for row in range(N + len(w) - 1):
        for column in range(N):
            if 0 <= row - column < len(w):
                T[row, column] = w[row - column]
    return T


def match(x, template):
    K = len(template)
    template_mean = sum(template) / K
    scores = []
    for n in range(len(x) - K + 1):
        window_mean = sum(x[n : n + K]) / K
        products = window_squares = template_squares = 0.0
        for k in range(K):
            u, v = x[n + k] - window_mean, template[k] - template_mean
            products += u * v
            window_squares += u * u
            template_squares += v * v
        size = (window_squares * template_squares) ** 0.5
        scores.append(products / size if size else 0.0)
    return scores


def find_peaks(scores, threshold, distance):
    available = [True] * len(scores)
    peaks = []
    while True:
        best = None
        for i in range(len(scores)):
            if available[i] and (best is None or scores[i] > scores[best]):
                best = i
        if best is None or scores[best] < threshold:
            return sorted(peaks)
        peaks.append(best)
        for i in range(len(scores)):
            if abs(i - best) < distance:
                available[i] = False


def find_beats(recording, clean):
    calm = []
    for n in range(2, len(recording) - 2):
        calm.append(sorted(recording[n - 2 : n + 3])[2])  # the median of five
    calm = [calm[0]] * 22 + calm + [calm[-1]] * 62
    template = np.array(clean[170:251]) - np.mean(clean[170:251])
    scores = []
    for n in range(len(recording)):
        window = np.array(calm[n : n + 81])
        window = window - window.mean()
        scores.append(window @ template / np.sqrt((window @ window) * (template @ template)))
    beats = []
    while max(scores) >= 0.45:
        best = int(np.argmax(scores))
        beats.append(best)
        for n in range(max(best - 250, 0), min(best + 251, len(scores))):
            scores[n] = -1.0
    return beats
