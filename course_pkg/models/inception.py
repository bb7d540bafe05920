"""GoogLeNet: blocks of convolutions of several sizes side by side.

Source: C. Szegedy et al., "Going deeper with convolutions" (2015), figures 2b and 3, table 1, section 5.
"""

from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import flag, positive_int
from course_pkg.models._common import LocalResponseNorm, check_images, he_initialisation


class Widths(NamedTuple):
    """The maps of an inception block: one row of the paper's table 1."""

    ones: int  # 1×1
    reduce_threes: int  # 1×1 in front of the 3×3
    threes: int
    reduce_fives: int  # 1×1 in front of the 5×5
    fives: int
    pooled: int  # 1×1 behind the pooling

    @property
    def out(self) -> int:
        """Maps of the block's output."""
        return self.ones + self.threes + self.fives + self.pooled


TABLE_1 = {
    #           1×1  3×3 reduce  5×5 reduce  pool
    "3a": Widths(64, 96, 128, 16, 32, 32),  # 28×28, 256 maps
    "3b": Widths(128, 128, 192, 32, 96, 64),  # 28×28, 480
    "4a": Widths(192, 96, 208, 16, 48, 64),  # 14×14, 512
    "4b": Widths(160, 112, 224, 24, 64, 64),  # 14×14, 512
    "4c": Widths(128, 128, 256, 24, 64, 64),  # 14×14, 512
    "4d": Widths(112, 144, 288, 32, 64, 64),  # 14×14, 528
    "4e": Widths(256, 160, 320, 32, 128, 128),  # 14×14, 832
    "5a": Widths(256, 160, 320, 32, 128, 128),  # 7×7, 832
    "5b": Widths(384, 192, 384, 48, 128, 128),  # 7×7, 1024
}


class Inception(nn.Module):
    """Four ways through at once, their maps stacked: 1×1, 3×3, 5×5 and pooling.

    The 1×1 convolutions in front of the large kernels make them affordable: they see fewer maps.

    Parameters
    ----------
    channels
        Maps of the input.
    widths
        Maps of each convolution.

    Examples
    --------
    >>> block = Inception(192, TABLE_1["3a"])
    >>> block(torch.zeros(1, 192, 28, 28)).shape, sum(p.numel() for p in block.parameters())
    (torch.Size([1, 256, 28, 28]), 163696)
    """

    def __init__(self, channels: int, widths: Widths) -> None:
        super().__init__()
        self.ones = _conv(channels, widths.ones, 1)
        self.threes = nn.Sequential(
            _conv(channels, widths.reduce_threes, 1), _conv(widths.reduce_threes, widths.threes, 3)
        )
        self.fives = nn.Sequential(
            _conv(channels, widths.reduce_fives, 1), _conv(widths.reduce_fives, widths.fives, 5)
        )
        self.pooled = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), _conv(channels, widths.pooled, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.ones(x), self.threes(x), self.fives(x), self.pooled(x)], dim=1)


class Scores(NamedTuple):
    """What a GoogLeNet with auxiliary heads gives in training: scores (N, classes) three times."""

    final: torch.Tensor
    after_4a: torch.Tensor
    after_4d: torch.Tensor


class GoogLeNet(nn.Module):
    """GoogLeNet: images (N, 3, 224, 224) to scores (N, classes), before the softmax.

    22 layers with weights one behind the other, in nine inception blocks.

    Parameters
    ----------
    num_classes
        How many scores an image gets.
    auxiliary
        Whether two more classifiers, in the middle of the network, help to train it; their losses count 0.3
        each. They are left out when the trained network is used. 13,378,280 parameters with them,
        6,998,552 without.

    Attributes
    ----------
    layers
        The network by name: stem, the blocks 3a … 5b with the pools between, classifier.
    auxiliary
        The auxiliary classifiers behind blocks 4a and 4d, by the block's name; empty without them.

    Raises
    ------
    TypeError, ValueError
        If `num_classes` is not a positive integer, or `auxiliary` not a bool.

    Notes
    -----
    The parameter counts of the paper's table 1 are rounded and not all those of its own layers: it gives
    463K for block 4c, whose layers have 510,104, and 2.7K for the first 7×7 convolution, which has 9,472.
    Weights start as He's do.

    Examples
    --------
    >>> with torch.device("meta"):  # shapes and counts without the weights
    ...     net = GoogLeNet(auxiliary=False)
    ...     scores = net(torch.zeros(7, 3, 224, 224))
    >>> sum(p.numel() for p in net.parameters()), tuple(scores.shape)
    (6998552, (7, 1000))
    """

    input_size = (3, 224, 224)

    def __init__(self, num_classes: int = 1000, auxiliary: bool = True) -> None:
        super().__init__()
        num_classes, auxiliary = positive_int("num_classes", num_classes), flag("auxiliary", auxiliary)
        stem = [
            _conv(3, 64, 7, stride=2),  # (N, 64, 112, 112)
            _halve(),  # (N, 64, 56, 56)
            _norm(),
            _conv(64, 64, 1),
            _conv(64, 192, 3),  # (N, 192, 56, 56)
            _norm(),
            _halve(),  # (N, 192, 28, 28)
        ]
        self.layers = nn.ModuleDict({"stem": nn.Sequential(*stem)})
        channels = 192
        for name, widths in TABLE_1.items():
            if name in ("4a", "5a"):  # to 14×14, to 7×7
                self.layers[f"pool{int(name[0]) - 1}"] = _halve()
            self.layers[name] = Inception(channels, widths)
            channels = widths.out
        self.layers["classifier"] = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),  # (N, 1024, 7, 7) -> (N, 1024, 1, 1)
            nn.Flatten(),
            nn.Dropout(0.4),
            nn.Linear(channels, num_classes),
        )
        heads = {name: _auxiliary(TABLE_1[name].out, num_classes) for name in ("4a", "4d") if auxiliary}
        self.auxiliary = nn.ModuleDict(heads)
        he_initialisation(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor | Scores:
        """Scores (N, classes) of images `x`; `Scores` in training mode, if there are auxiliary heads."""
        check_images(x, self.input_size)
        auxiliary = []
        for name, layer in self.layers.items():
            x = layer(x)
            if self.training and name in self.auxiliary:
                auxiliary.append(self.auxiliary[name](x))
        return Scores(x, *auxiliary) if auxiliary else x


def _conv(channels: int, maps: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, maps, kernel, stride, padding=kernel // 2), nn.ReLU())


def _halve() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


def _norm() -> LocalResponseNorm:
    return LocalResponseNorm(size=5, alpha=1e-4, beta=0.75, k=1.0)


def _auxiliary(channels: int, num_classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AvgPool2d(5, stride=3),  # (N, C, 14, 14) -> (N, C, 4, 4)
        _conv(channels, 128, 1),
        nn.Flatten(),  # (N, 2048)
        nn.Linear(2048, 1024),
        nn.ReLU(),
        nn.Dropout(0.7),
        nn.Linear(1024, num_classes),
    )
