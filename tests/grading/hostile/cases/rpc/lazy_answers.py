"""Answers with things that are not there yet: a generator, a coroutine, a map, a lambda, a class.

covers: wrong dtypes
loses: pad crop convolve matrix
"""


# %% replace convolve
def convolve(x, w):
    while True:
        yield x


# %% replace pad
async def pad(x, left, right, mode):
    return x


# %% replace crop
def crop(y, N, K, mode):
    return map(float, y)


# %% replace matrix
def convolution_matrix(w, N):
    return lambda: w
