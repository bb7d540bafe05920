"""Imports SciPy, which is off limits, and PyTorch.

covers: calling a library's conv
loses: convolve correlate
"""


# %% replace convolve
def convolve(x, w):
    from scipy.signal import fftconvolve

    return fftconvolve(x, w)


# %% replace correlate
def flip(w):
    return list(w)[::-1]


def correlate(x, w):
    import torch

    signal, kernel = torch.tensor(list(x)).double(), torch.tensor(list(w)).double()
    return torch.conv1d(signal[None, None], kernel[None, None], padding=len(w) - 1)[0, 0].tolist()
