"""YOLO: detection as one regression from an image to a grid of boxes and classes.

Source: J. Redmon, S. Divvala, R. Girshick and A. Farhadi, "You only look once: unified, real-time object
detection" (2016), figure 3, sections 2.1 and 2.2.
"""

from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import positive_int
from course_pkg.models._common import check_images, he_initialisation


class Conv(NamedTuple):
    """A convolution that pads by half its kernel, with a leaky ReLU."""

    maps: int
    kernel: int
    stride: int = 1


POOL = "2×2 max pool"  # halves width and height
Table = tuple[Conv | str, ...]


class Plan(NamedTuple):
    """The layers that make a YOLO."""

    pixels_per_cell: int  # how far width and height are reduced
    features: Table
    neck: Table
    hidden: int | None  # units of the hidden fully connected layer; None: a 1×1 convolution reads each cell
    batch_norm: bool


PAPER = Plan(
    pixels_per_cell=64,
    features=(  # 448×448
        *(Conv(64, 7, stride=2), POOL),  # 112×112
        *(Conv(192, 3), POOL),  # 56×56
        *(Conv(128, 1), Conv(256, 3), Conv(256, 1), Conv(512, 3), POOL),  # 28×28
        *(4 * (Conv(256, 1), Conv(512, 3))),
        *(Conv(512, 1), Conv(1024, 3), POOL),  # 14×14
        *(2 * (Conv(512, 1), Conv(1024, 3))),
    ),
    neck=(Conv(1024, 3), Conv(1024, 3, stride=2), Conv(1024, 3), Conv(1024, 3)),  # 7×7
    hidden=4096,
    batch_norm=False,
)

SMALL = Plan(
    pixels_per_cell=16,
    features=(  # 112×112
        *(Conv(16, 3), POOL),  # 56×56
        *(Conv(32, 3), POOL),  # 28×28
        *(Conv(64, 3), POOL),  # 14×14
        *(Conv(128, 3), POOL),  # 7×7
    ),
    neck=(Conv(128, 3), Conv(128, 3)),
    hidden=None,
    batch_norm=True,
)


class YOLO(nn.Module):
    """YOLO: images (N, 3, 64 S, 64 S) to a grid of predictions (N, S, S, 5 B + C).

    A cell of the grid gives B boxes of 5 numbers each (x, y, width, height, confidence), then C scores of
    classes; `course_pkg.detection` says what they mean and decodes them. 24 convolutions and two fully
    connected layers: 271,703,550 parameters, 60,155,968 of them in the convolutions.

    Parameters
    ----------
    grid
        S, cells along each side.
    boxes
        B, boxes a cell.
    classes
        C, classes to tell apart.
    plan
        The layers; the paper's if not given.

    Attributes
    ----------
    features
        The first twenty convolutions, which `classifier` trains.
    neck
        The last four.
    head
        The fully connected layers.
    grid, boxes, classes, input_size
        The numbers of this network.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive integer.

    Notes
    -----
    The last layer is linear, all others have a leaky ReLU with slope 0.1, and dropout 0.5 follows the first
    fully connected layer. Weights start as He's do for that slope.

    Examples
    --------
    >>> with torch.device("meta"):  # shapes and counts without the weights
    ...     net = YOLO()
    ...     predictions = net(torch.zeros(1, 3, 448, 448))
    >>> sum(p.numel() for p in net.parameters()), tuple(predictions.shape)
    (271703550, (1, 7, 7, 30))
    """

    def __init__(self, grid: int = 7, boxes: int = 2, classes: int = 20, *, plan: Plan = PAPER) -> None:
        super().__init__()
        self.grid, self.boxes = positive_int("grid", grid), positive_int("boxes", boxes)
        self.classes = positive_int("classes", classes)
        side = plan.pixels_per_cell * self.grid
        self.plan, self.input_size = plan, (3, side, side)

        maps, numbers = _maps(plan.neck), 5 * boxes + classes  # numbers in the answer of each cell
        self.features = convolutions(3, plan.features, plan.batch_norm)  # (N, 1024, 14, 14)
        self.neck = convolutions(_maps(plan.features), plan.neck, plan.batch_norm)  # (N, 1024, 7, 7)
        if plan.hidden is None:
            self.head = nn.Sequential(nn.Conv2d(maps, numbers, 1), ChannelsLast())
        else:
            self.head = nn.Sequential(
                nn.Flatten(),  # (N, 50176)
                nn.Linear(maps * grid * grid, plan.hidden),
                nn.LeakyReLU(0.1),
                nn.Dropout(0.5),
                nn.Linear(plan.hidden, grid * grid * numbers),
                nn.Unflatten(1, (grid, grid, numbers)),
            )
        he_initialisation(self, negative_slope=0.1)

    @classmethod
    def small(cls, grid: int = 7, boxes: int = 2, classes: int = 20) -> "YOLO":
        """A small one for chapters: images (N, 3, 16 S, 16 S) to the same grid, trained on two CPU cores.

        Six 3×3 convolutions with batch normalisation, and a 1×1 convolution in place of the fully connected
        layers, as in later versions of YOLO: each cell is predicted with the same weights, from the 110×110
        pixels around it.

        Examples
        --------
        >>> net = YOLO.small(classes=10)
        >>> sum(p.numel() for p in net.parameters())
        396180
        >>> net.input_size, net(torch.zeros(2, 3, 112, 112)).shape
        ((3, 112, 112), torch.Size([2, 7, 7, 20]))
        """
        return cls(grid, boxes, classes, plan=SMALL)

    def classifier(self, num_classes: int = 1000) -> nn.Sequential:
        """A classifier of whole images on top of `features`, to train these before the network detects.

        The paper trains it on ImageNet at 224×224, half the side. It shares its weights with this network:
        train it, then train this network.

        Parameters
        ----------
        num_classes
            How many scores an image gets.

        Examples
        --------
        >>> net = YOLO.small()
        >>> net.classifier(10)(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 10])
        """
        maps = _maps(self.plan.features)
        last = nn.Linear(maps, positive_int("num_classes", num_classes))
        return nn.Sequential(self.features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions (N, S, S, 5 B + C) of images `x` of `input_size`."""
        check_images(x, self.input_size)
        return self.head(self.neck(self.features(x)))


def convolutions(channels: int, table: Table, batch_norm: bool = False) -> nn.Sequential:
    """The convolutions and pools of a table, each convolution with a leaky ReLU, slope 0.1.

    Parameters
    ----------
    channels
        Channels of the input.
    table
        `Conv` and `POOL` in order.
    batch_norm
        Whether to normalise between convolution and ReLU.

    Examples
    --------
    >>> convolutions(3, (Conv(8, 3), POOL, Conv(4, 1)))(torch.zeros(7, 3, 32, 32)).shape
    torch.Size([7, 4, 16, 16])
    """
    layers: list[nn.Module] = []
    for layer in table:
        if isinstance(layer, Conv):
            layers.append(nn.Conv2d(channels, layer.maps, layer.kernel, layer.stride, layer.kernel // 2))
            if batch_norm:
                layers.append(nn.BatchNorm2d(layer.maps))
            layers.append(nn.LeakyReLU(0.1))
            channels = layer.maps
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def _maps(table: Table) -> int:
    return [layer.maps for layer in table if isinstance(layer, Conv)][-1]


class ChannelsLast(nn.Module):
    """(N, C, H, W) to (N, H, W, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1)
