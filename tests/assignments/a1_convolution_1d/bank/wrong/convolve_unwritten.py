"""Still the stub.

part: convolve
score: 0
"""


def convolve(x, w):
    raise NotImplementedError
