"""Network in Network: small fully connected networks in place of filters, and no fully connected layer.

Source: M. Lin, Q. Chen and S. Yan, "Network in network" (2014), sections 3.1 and 3.2, figure 2; the sizes are
those of the authors' definition for CIFAR-10 in the Caffe model zoo.
"""

import torch
from torch import nn

from course_pkg._validate import positive_int
from course_pkg.models._common import check_images, he_initialisation


class NiN(nn.Module):
    """Network in Network for CIFAR-10: images (N, 3, 32, 32) to scores (N, classes), before the softmax.

    Each of three blocks is a convolution with two 1×1 convolutions behind it: at every position a fully
    connected network of two layers reads what the filters saw there. The last block makes one map a class,
    and the mean over a map is the score: global average pooling has no parameters to overfit with.
    966,986 parameters.

    Parameters
    ----------
    num_classes
        How many scores an image gets.

    Attributes
    ----------
    layers
        The layers in order.

    Raises
    ------
    TypeError, ValueError
        If `num_classes` is not a positive integer.

    Notes
    -----
    Weights start as He's do.

    Examples
    --------
    >>> net = NiN()
    >>> sum(p.numel() for p in net.parameters())
    966986
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    input_size = (3, 32, 32)

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        num_classes = positive_int("num_classes", num_classes)
        self.layers = nn.Sequential(
            *block(3, kernel=5, maps=(192, 160, 96)),  # (N, 96, 32, 32)
            nn.MaxPool2d(3, stride=2, ceil_mode=True),  # (N, 96, 16, 16)
            nn.Dropout(0.5),
            *block(96, kernel=5, maps=(192, 192, 192)),
            nn.AvgPool2d(3, stride=2, ceil_mode=True),  # (N, 192, 8, 8)
            nn.Dropout(0.5),
            *block(192, kernel=3, maps=(192, 192, num_classes)),  # (N, classes, 8, 8)
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        he_initialisation(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, classes) of images `x` (N, 3, 32, 32)."""
        check_images(x, self.input_size)
        return self.layers(x)


def block(channels: int, kernel: int, maps: tuple[int, int, int]) -> list[nn.Module]:
    """A convolution that keeps width and height, and two 1×1 convolutions, each with a ReLU.

    Examples
    --------
    >>> nn.Sequential(*block(3, 5, (8, 8, 4)))(torch.zeros(1, 3, 9, 9)).shape
    torch.Size([1, 4, 9, 9])
    """
    first, second, third = maps
    return [
        nn.Conv2d(channels, first, kernel, padding=kernel // 2),
        nn.ReLU(),
        nn.Conv2d(first, second, 1),
        nn.ReLU(),
        nn.Conv2d(second, third, 1),
        nn.ReLU(),
    ]
