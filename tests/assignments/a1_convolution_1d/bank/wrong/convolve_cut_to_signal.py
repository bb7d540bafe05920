"""Returns as many numbers as the signal has.

part: convolve
score: 0
"""


def convolve(x, w):
    y = [0.0] * len(x)
    for n in range(len(x)):
        for k in range(len(w)):
            if n - k >= 0:
                y[n] += x[n - k] * w[k]
    return y
