"""AlexNet, which won ImageNet 2012: five convolutions, three fully connected layers, on two GPUs.

Source: A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional neural
networks" (2012), sections 3.1-3.5 and 4.2, figure 2.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import integer, positive_int
from course_pkg.models._common import LocalResponseNorm, check_images, he_initialisation


class Convolution(NamedTuple):
    """One of AlexNet's convolution layers, and what follows it."""

    maps: int
    kernel: int
    stride: int
    padding: int
    split: bool  # with two towers: each map sees the maps of its own tower only
    norm: bool  # local response normalisation behind the ReLU
    pool: bool  # overlapping max pooling at the end


class Plan(NamedTuple):
    """The numbers that make an AlexNet."""

    input_size: tuple[int, int, int]
    convolutions: tuple[Convolution, ...]
    pooled: int  # width and height of the last map
    hidden: int  # units of each of the two hidden fully connected layers


PAPER = Plan(
    input_size=(3, 227, 227),
    convolutions=(
        #           maps kernel stride padding split  norm   pool
        Convolution(96, 11, 4, 0, False, True, True),  # 55×55, pooled 27×27
        Convolution(256, 5, 1, 2, True, True, True),  # 27×27, pooled 13×13
        Convolution(384, 3, 1, 1, False, False, False),  # 13×13
        Convolution(384, 3, 1, 1, True, False, False),  # 13×13
        Convolution(256, 3, 1, 1, True, False, True),  # 13×13, pooled 6×6
    ),
    pooled=6,
    hidden=4096,
)

SMALL = Plan(
    input_size=(3, 32, 32),
    convolutions=(
        Convolution(32, 5, 1, 2, False, True, True),  # 32×32, pooled 15×15
        Convolution(64, 5, 1, 2, True, True, True),  # 15×15, pooled 7×7
        Convolution(96, 3, 1, 1, False, False, False),  # 7×7
        Convolution(96, 3, 1, 1, True, False, False),  # 7×7
        Convolution(64, 3, 1, 1, True, False, True),  # 7×7, pooled 3×3
    ),
    pooled=3,
    hidden=256,
)


class AlexNet(nn.Module):
    """AlexNet: images (N, 3, 227, 227) to scores (N, classes), before the softmax.

    Parameters
    ----------
    num_classes
        How many scores an image gets.
    towers
        2, as in the paper: the maps of a layer are split between two GPUs, and convolutions 2, 4 and 5 see
        only the maps of their own GPU (a grouped convolution). 60,965,224 parameters.
        1, as it is mostly drawn: every map sees all maps. 62,378,344 parameters.
    plan
        The numbers of the layers; the paper's if not given.

    Attributes
    ----------
    layers
        The layers in order: conv1 … conv5, each with its relu, norm and pool, then fc6, fc7 and fc8.

    Raises
    ------
    TypeError, ValueError
        If `num_classes` is not a positive integer, or `towers` not 1 or 2.

    Notes
    -----
    The paper says 224×224, but (224 - 11) / 4 + 1 is not whole; with 227 the first map is the 55×55 of the
    paper. Pooling windows overlap (3×3, stride 2). The paper adds up squares over 5 neighbouring maps with
    weight 1e-4; PyTorch takes their mean, so its `alpha` is 5e-4. Weights start as in the paper: normal
    with deviation 0.01; biases 1 in convolutions 2, 4, 5 and the hidden fully connected layers, else 0.

    Examples
    --------
    >>> with torch.device("meta"):  # shapes and counts without the weights
    ...     net = AlexNet(towers=2)
    ...     scores = net(torch.zeros(7, 3, 227, 227))
    >>> sum(p.numel() for p in net.parameters()), tuple(scores.shape)
    (60965224, (7, 1000))
    """

    def __init__(self, num_classes: int = 1000, towers: int = 1, *, plan: Plan = PAPER) -> None:
        super().__init__()
        num_classes, towers = positive_int("num_classes", num_classes), integer("towers", towers)
        if towers not in (1, 2):
            raise ValueError(f"towers: got {towers}, expected 1 or 2")
        self.plan, self.input_size = plan, plan.input_size

        layers: dict[str, nn.Module] = {}
        maps = plan.input_size[0]
        for i, conv in enumerate(plan.convolutions, start=1):
            groups = towers if conv.split else 1
            layers[f"conv{i}"] = nn.Conv2d(
                maps, conv.maps, conv.kernel, conv.stride, conv.padding, groups=groups
            )
            layers[f"relu{i}"] = nn.ReLU()
            if conv.norm:
                layers[f"norm{i}"] = LocalResponseNorm(size=5, alpha=5 * 1e-4, beta=0.75, k=2.0)
            if conv.pool:
                layers[f"pool{i}"] = nn.MaxPool2d(3, stride=2)
            maps = conv.maps
        features = maps * plan.pooled**2
        layers |= {
            "flatten": nn.Flatten(),  # (N, 256, 6, 6) -> (N, 9216)
            "fc6": nn.Linear(features, plan.hidden),
            "relu6": nn.ReLU(),
            "drop6": nn.Dropout(0.5),
            "fc7": nn.Linear(plan.hidden, plan.hidden),
            "relu7": nn.ReLU(),
            "drop7": nn.Dropout(0.5),
            "fc8": nn.Linear(plan.hidden, num_classes),
        }
        self.layers = nn.Sequential(OrderedDict(layers))
        _initialise(self.layers)

    @classmethod
    def small(cls, num_classes: int = 10, towers: int = 1) -> "AlexNet":
        """The same eight layers for images (N, 3, 32, 32), narrow enough to train on two CPU cores.

        Its weights start as He's do: with deviation 0.01 in layers this narrow, next to nothing of the image
        reaches the scores.

        Examples
        --------
        >>> net = AlexNet.small()
        >>> sum(p.numel() for p in net.parameters())
        463562
        >>> net(torch.zeros(7, 3, 32, 32)).shape
        torch.Size([7, 10])
        """
        net = cls(num_classes, towers, plan=SMALL)
        he_initialisation(net)
        return net

    def as_one_tower(self) -> "AlexNet":
        """The AlexNet with one tower that computes the same: weights between the towers are held at 0.

        So the towers save parameters by leaving connections out. The result shares no memory with this one.

        Examples
        --------
        >>> two = AlexNet.small(towers=2).eval()
        >>> one, x = two.as_one_tower().eval(), torch.rand(7, 3, 32, 32)
        >>> torch.allclose(one(x), two(x), atol=1e-6)
        True
        >>> [sum(p.numel() for p in net.parameters()) for net in (two, one)]
        [368842, 463562]
        """
        mine = self.state_dict()
        one = AlexNet(num_classes=len(mine["layers.fc8.bias"]), towers=1, plan=self.plan)
        one.to(mine["layers.fc8.bias"]).train(self.training)
        for name, wide in one.state_dict().items():  # tensors that share the memory of the network
            narrow = mine[name]
            if wide.shape == narrow.shape:
                wide.copy_(narrow)
            else:  # (O, C/2, K, K) -> (O, C, K, K): the upper left and the lower right quarter
                out, seen = narrow.shape[0] // 2, narrow.shape[1]
                wide.zero_()
                wide[:out, :seen] = narrow[:out]
                wide[out:, seen:] = narrow[out:]
        return one

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, classes) of images `x`, (N, 3, 227, 227) or as `input_size` says."""
        check_images(x, self.input_size)
        return self.layers(x)


def _initialise(net: nn.Module) -> None:
    for name, parameter in net.named_parameters():
        layer, kind = name.split(".")
        if kind == "weight":
            nn.init.normal_(parameter, std=0.01)
        else:
            nn.init.constant_(parameter, 1.0 if layer in ("conv2", "conv4", "conv5", "fc6", "fc7") else 0.0)
