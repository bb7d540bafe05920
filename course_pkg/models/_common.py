"""What the networks share: the check of a batch of images, and how weights start."""

import torch
from torch import nn

from course_pkg._validate import describe


def check_images(x: torch.Tensor, shape: tuple[int | None, ...]) -> None:
    """Refuse `x` unless it is a batch (N, C, H, W) of images of this shape; None stands for any size.

    Raises
    ------
    TypeError
        If `x` is not a tensor of floating-point numbers.
    ValueError
        If it has another shape.

    Examples
    --------
    >>> check_images(torch.zeros(2, 3, 32, 32), (3, 32, 32))
    >>> check_images(torch.zeros(3, 32, 32), (3, None, None))
    Traceback (most recent call last):
    ...
    ValueError: x: got shape (3, 32, 32), expected a batch of images, (N, 3, H, W)
    """
    sizes = (wanted or axis for wanted, axis in zip(shape, "CHW", strict=True))
    expected = f"(N, {', '.join(map(str, sizes))})"
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x: got {describe(x)}, expected a tensor of images, {expected}")
    fits = x.ndim == 4 and all(want in (None, got) for want, got in zip(shape, x.shape[1:], strict=True))
    if not fits:
        raise ValueError(f"x: got shape {tuple(x.shape)}, expected a batch of images, {expected}")
    if not x.is_floating_point():
        raise TypeError(f"x: got dtype {x.dtype}, expected a floating-point tensor")


def he_initialisation(net: nn.Module, negative_slope: float = 0.0) -> None:
    """Start the weights of convolutions and linear layers at random as He et al. do, their biases at 0.

    Normal with variance 2 / (1 + slope²) / fan-in, which keeps the size of the signal from layer to layer
    where a ReLU, or a leaky one with this slope, follows. Batch normalisation keeps its ones and zeros.

    Notes
    -----
    Source: K. He et al., "Delving deep into rectifiers" (2015), equations 10 and 15.

    Examples
    --------
    >>> net = nn.Conv2d(100, 200, 3)
    >>> he_initialisation(net)
    >>> round(net.weight.var().item() * 900, 1), net.bias.any().item()
    (2.0, False)
    """
    for layer in weighted_layers(net):
        nn.init.kaiming_normal_(layer.weight, a=negative_slope, nonlinearity="leaky_relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def xavier_initialisation(net: nn.Module) -> None:
    """Start the weights of convolutions and linear layers at random as Glorot and Bengio do, biases at 0.

    Uniform with variance 2 / (fan-in + fan-out), for layers with sigmoid or tanh behind them.

    Notes
    -----
    Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010), equation 16.

    Examples
    --------
    >>> net = nn.Linear(300, 100)
    >>> xavier_initialisation(net)
    >>> round(net.weight.var().item() * 200, 1)
    1.0
    """
    for layer in weighted_layers(net):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class LocalResponseNorm(nn.LocalResponseNorm):
    """PyTorch's layer, for images, with the sum over neighbouring maps taken map by map.

    PyTorch takes it by average pooling in three dimensions, which is slow on a CPU: this takes less than half
    the time.

    Examples
    --------
    >>> x = torch.randn(2, 7, 3, 4)
    >>> same = nn.LocalResponseNorm(5, alpha=0.5)(x)
    >>> torch.allclose(LocalResponseNorm(5, alpha=0.5)(x), same, atol=1e-6)
    True
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps, before = x.shape[1], self.size // 2
        squares = nn.functional.pad(x.square(), (0, 0, 0, 0, before, self.size - 1 - before))
        total = squares[:, :maps]
        for i in range(1, self.size):
            total = total + squares[:, i : i + maps]
        return x * (self.k + self.alpha / self.size * total).pow(-self.beta)


def weighted_layers(net: nn.Module) -> list[nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d | nn.Linear]:
    """The convolutions, transposed convolutions and linear layers of `net`, in order.

    Examples
    --------
    >>> weighted_layers(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    [Linear(in_features=2, out_features=3, bias=True), Linear(in_features=3, out_features=1, bias=True)]
    """
    kinds = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    return [layer for layer in net.modules() if isinstance(layer, kinds)]
