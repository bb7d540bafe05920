"""The two networks that chapter 4 compares on MNIST-1D.

Source: S. J. D. Prince, *Understanding Deep Learning* (MIT Press 2023), figures 10.7 and 10.8.
Both take a batch of 40-position signals and give a score for each of the ten classes.
"""

import torch
from torch import nn

from course_pkg._validate import describe
from course_pkg.models._common import he_initialisation


class MNIST1DConvNet(nn.Module):
    """Three convolution layers (15 channels, kernel 3, stride 2, no padding) with ReLU, then a linear layer.

    Positions 40 → 19 → 9 → 4, so the last layer reads 4 · 15 = 60 features. 2,050 parameters.
    Weights start at He's initialisation (normal, variance 2 / fan-in), biases at 0.

    Attributes
    ----------
    layers
        The layers in order; convolutions at 0, 2 and 4, the linear layer at 7.

    Notes
    -----
    Source: Prince, *Understanding Deep Learning*, figure 10.7; K. He et al., "Delving deep into rectifiers"
    (2015), equation 10.

    Examples
    --------
    >>> net = MNIST1DConvNet()
    >>> sum(p.numel() for p in net.parameters())
    2050
    >>> net(torch.zeros(7, 40)).shape
    torch.Size([7, 10])
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, 15, kernel_size=3, stride=2),
            nn.ReLU(),
            nn.Conv1d(15, 15, kernel_size=3, stride=2),
            nn.ReLU(),
            nn.Conv1d(15, 15, kernel_size=3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(60, 10),
        )
        he_initialisation(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, 10), before the softmax, of signals `x` (N, 40); another shape is a `ValueError`."""
        _check_signals(x)
        return self.layers(x.unsqueeze(1))  # (N, 40) -> (N, 1, 40): one input channel


class MNIST1DFullyConnected(nn.Module):
    """The fully connected rival: 40 → 285 → 135 → 60 → 10, ReLU between. 59,065 parameters.

    Its hidden layers are exactly as wide as the convnet's (19 · 15, 9 · 15, 4 · 15), so the convnet is this
    network with most weights held at zero and the rest shared. Initialised as `MNIST1DConvNet` is.

    Attributes
    ----------
    layers
        The layers in order; linear layers at 0, 2, 4 and 6.

    Notes
    -----
    Source: Prince, *Understanding Deep Learning*, figure 10.8.

    Examples
    --------
    >>> net = MNIST1DFullyConnected()
    >>> sum(p.numel() for p in net.parameters())
    59065
    >>> net(torch.zeros(7, 40)).shape
    torch.Size([7, 10])
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(40, 285),
            nn.ReLU(),
            nn.Linear(285, 135),
            nn.ReLU(),
            nn.Linear(135, 60),
            nn.ReLU(),
            nn.Linear(60, 10),
        )
        he_initialisation(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, 10), before the softmax, of signals `x` (N, 40); another shape is a `ValueError`."""
        _check_signals(x)
        return self.layers(x)


def _check_signals(x: torch.Tensor) -> None:
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x: got {describe(x)}, expected a tensor of signals, (N, 40)")
    if x.ndim != 2 or x.shape[1] != 40:
        raise ValueError(f"x: got shape {tuple(x.shape)}, expected a batch of signals, (N, 40)")
