"""Lists, comprehensions and zip, without NumPy; answers in lists and tuples."""


def convolve(x, w):
    x, w = list(x), list(w)
    return [
        sum(x[n - k] * w[k] for k in range(len(w)) if 0 <= n - k < len(x)) for n in range(len(x) + len(w) - 1)
    ]


def flip(w):
    return tuple(reversed(list(w)))


def correlate(x, w):
    zeros = [0] * (len(w) - 1)
    around = [*zeros, *x, *zeros]
    return tuple(sum(a * b for a, b in zip(around[i:], w, strict=False)) for i in range(len(x) + len(w) - 1))


def pad(x, left, right, mode):
    x = list(x)
    if mode == "zero":
        return [0] * left + x + [0] * right
    if mode == "circular":
        return [x[-1 - n % len(x)] for n in range(left)][::-1] + x + [x[n % len(x)] for n in range(right)]
    if mode == "reflect" and left < len(x) and right < len(x):
        return x[left:0:-1] + x + x[::-1][1 : right + 1]
    raise ValueError("this padding cannot be made")


def crop(y, N, K, mode):
    y = list(y)
    drop = (K - 1) // 2
    return y[drop : drop + N] if mode == "same" else [v for n, v in enumerate(y) if K - 1 <= n <= N - 1]


def slope_kernel(size, rate):
    share = rate / 2 / size
    return [share * ((i < size) - (i >= 2)) for i in range(size + 2)]


def convolution_matrix(w, N):
    return [[w[i - j] if 0 <= i - j < len(w) else 0 for j in range(N)] for i in range(N + len(w) - 1)]


def match(x, template):
    def centred(values):
        mean = sum(values) / len(values)
        return [v - mean for v in values]

    def score(u, v):
        size = (sum(a * a for a in u) * sum(b * b for b in v)) ** 0.5
        return sum(a * b for a, b in zip(u, v, strict=False)) / size if size > 0 else 0

    v = centred(list(template))
    return [score(centred(list(x[n : n + len(v)])), v) for n in range(len(x) - len(v) + 1)]


def find_peaks(scores, threshold, distance):
    peaks = []
    for score, i in sorted(((s, i) for i, s in enumerate(scores)), key=lambda pair: (-pair[0], pair[1])):
        if score >= threshold and min([abs(i - peak) for peak in peaks], default=distance) >= distance:
            peaks.append(i)
    return tuple(sorted(peaks))


def find_beats(recording, clean):
    recording, clean = recording.tolist(), clean.tolist()
    N = len(recording)
    middle = [sorted(recording[max(n - 2, 0) : n + 3])[2] for n in range(N)]
    around = middle[20:0:-1] + middle + middle[-2:-62:-1]

    def centred(values):
        mean = sum(values) / len(values)
        return [v - mean for v in values]

    def score(u, v):
        size = (sum(a * a for a in u) * sum(b * b for b in v)) ** 0.5
        return sum(a * b for a, b in zip(u, v, strict=False)) / size

    template = centred(clean[170:251])
    scores = [score(centred(around[n : n + 81]), template) for n in range(N)]
    beats = []
    for n in sorted(range(N), key=lambda n: -scores[n]):
        if scores[n] >= 0.42 and all(abs(n - beat) >= 260 for beat in beats):
            beats.append(n)
    return tuple(beats)
