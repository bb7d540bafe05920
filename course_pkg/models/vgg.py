"""VGG: depth from nothing but 3×3 convolutions.

Source: K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition"
(2015), table 1 (configurations A, B, D, E), table 2 and section 3.1.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import flag, integer, positive_int
from course_pkg.models._common import check_images, he_initialisation


class Plan(NamedTuple):
    """The numbers that make a VGG."""

    input_size: tuple[int, int, int]
    stages: tuple[tuple[int, int], ...]  # (how many 3×3 convolutions, their maps); each stage ends in a pool
    hidden: tuple[int, ...]  # units of the hidden fully connected layers


WIDTHS = (64, 128, 256, 512, 512)

PAPER = {  # weight layers: convolutions in each of the five stages, plus three fully connected layers
    11: (1, 1, 2, 2, 2),  # A
    13: (2, 2, 2, 2, 2),  # B
    16: (2, 2, 3, 3, 3),  # D
    19: (2, 2, 4, 4, 4),  # E
}

SMALL = Plan(input_size=(3, 32, 32), stages=((2, 32), (2, 64), (2, 128)), hidden=(64,))


class VGG(nn.Module):
    """VGG: images (N, 3, 224, 224) to scores (N, classes), before the softmax.

    Parameters
    ----------
    depth
        Number of layers with weights: 11, 13, 16 or 19 (the paper's A, B, D and E). 132,863,336, 133,047,848,
        138,357,544 and 143,667,240 parameters.
    num_classes
        How many scores an image gets.
    batch_norm
        Whether to normalise behind each convolution; the paper came a year too early for it.
    plan
        The numbers of the layers; those of the paper for `depth` if not given.

    Attributes
    ----------
    features
        The convolutions, with ReLU and pooling: (N, 512, 7, 7).
    classifier
        The fully connected layers, with ReLU and dropout.

    Raises
    ------
    TypeError, ValueError
        If `depth` is another number, `num_classes` not a positive integer, or `batch_norm` not a bool.

    Notes
    -----
    Weights start as He's do. The paper trained A first and put its weights into the deeper ones, but notes
    in section 3.1 that a start scaled to the size of each layer makes this unnecessary.

    Examples
    --------
    >>> with torch.device("meta"):  # shapes and counts without the weights
    ...     net = VGG(19)
    ...     scores = net(torch.zeros(7, 3, 224, 224))
    >>> sum(p.numel() for p in net.parameters()), tuple(scores.shape)
    (143667240, (7, 1000))
    """

    def __init__(
        self,
        depth: int = 16,
        num_classes: int = 1000,
        batch_norm: bool = False,
        *,
        plan: Plan | None = None,
    ) -> None:
        super().__init__()
        depth, num_classes = integer("depth", depth), positive_int("num_classes", num_classes)
        flag("batch_norm", batch_norm)
        if plan is None:
            if depth not in PAPER:
                raise ValueError(f"depth: got {depth}, expected 11, 13, 16 or 19")
            stages = tuple(zip(PAPER[depth], WIDTHS, strict=True))
            plan = Plan(input_size=(3, 224, 224), stages=stages, hidden=(4096, 4096))
        self.plan, self.input_size = plan, plan.input_size

        channels, height, width = plan.input_size
        self.features = convolution_stages(channels, plan.stages, batch_norm)  # (N, 512, 7, 7)
        maps, pools = plan.stages[-1][1], len(plan.stages)
        units = [maps * (height >> pools) * (width >> pools), *plan.hidden, num_classes]
        layers: list[nn.Module] = [nn.Flatten()]
        for into, out in itertools.pairwise(units):
            layers += [nn.Linear(into, out), nn.ReLU(), nn.Dropout(0.5)]
        self.classifier = nn.Sequential(*layers[:-2])  # (N, 25088) -> (N, classes): no ReLU behind the scores
        he_initialisation(self)

    @classmethod
    def small(cls, num_classes: int = 10, batch_norm: bool = True) -> "VGG":
        """Eight layers in the manner of VGG for images (N, 3, 32, 32), to train on two CPU cores.

        Examples
        --------
        >>> net = VGG.small()
        >>> sum(p.numel() for p in net.parameters())
        419690
        >>> net(torch.zeros(7, 3, 32, 32)).shape
        torch.Size([7, 10])
        """
        return cls(num_classes=num_classes, batch_norm=batch_norm, plan=SMALL)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, classes) of images `x`, (N, 3, 224, 224) or as `input_size` says."""
        check_images(x, self.input_size)
        return self.classifier(self.features(x))


def convolution_stages(
    channels: int, stages: Sequence[tuple[int, int]], batch_norm: bool = False
) -> nn.Sequential:
    """Stages of 3×3 convolutions, with ReLU; each stage halves width and height at its end.

    Parameters
    ----------
    channels
        Channels of the input.
    stages
        For each stage how many convolutions it has, and how many maps each of them makes.
    batch_norm
        Whether to normalise between convolution and ReLU.

    Examples
    --------
    >>> convolution_stages(3, [(2, 8), (1, 16)])(torch.zeros(7, 3, 32, 32)).shape
    torch.Size([7, 16, 8, 8])
    """
    layers: list[nn.Module] = []
    for convolutions, maps in stages:
        for _ in range(convolutions):
            layers.append(nn.Conv2d(channels, maps, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(maps))
            layers.append(nn.ReLU())
            channels = maps
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
