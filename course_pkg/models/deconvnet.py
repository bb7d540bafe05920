"""DeconvNet: VGG-16 to see what is there, and its mirror image to say where.

Source: H. Noh, S. Hong and B. Han, "Learning deconvolution network for semantic segmentation" (2015), figure
2 and the table of its configuration in the appendix.
"""

import itertools
from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import positive_int
from course_pkg.models._common import check_images, he_initialisation


class Plan(NamedTuple):
    """The numbers that make a DeconvNet."""

    input_size: tuple[int, int, int]
    stages: tuple[tuple[int, int], ...]  # encoder: (how many 3×3 convolutions, their maps), then a 2×2 pool
    middle: int  # maps of fc6 and fc7
    middle_kernel: int  # of fc6 and deconv-fc6


PAPER = Plan(
    input_size=(3, 224, 224),
    stages=((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),  # VGG-16, down to (N, 512, 7, 7)
    middle=4096,
    middle_kernel=7,
)

SMALL = Plan(
    input_size=(3, 64, 64),
    stages=((1, 16), (2, 32), (2, 64)),  # down to (N, 64, 8, 8)
    middle=192,
    middle_kernel=3,
)


class DeconvNet(nn.Module):
    """DeconvNet: images (N, 3, 224, 224) to scores (N, classes, 224, 224) of every pixel.

    The encoder is VGG-16: thirteen convolutions and five pools, then its fully connected layers as
    convolutions, fc6 with a 7×7 kernel and fc7 with a 1×1 one. The decoder is its mirror image: transposed
    convolutions, and unpooling that puts each value back to where its pool had found the maximum. Every
    convolution has batch normalisation and a ReLU behind it; a last 1×1 convolution gives the scores.
    251,805,653 parameters. Larger images are taken as well, if 32 divides their sides.

    Parameters
    ----------
    classes
        Classes of a pixel, the background counted: 20 + 1 in PASCAL VOC.
    plan
        The numbers of the layers; the paper's if not given.

    Attributes
    ----------
    encoder, decoder
        The stages, each with its 3×3 layers; the pool, or unpooling, stands between them.
    middle
        fc6, fc7 and deconv-fc6.
    scores
        The last 1×1 convolution.

    Raises
    ------
    TypeError, ValueError
        If `classes` is not a positive integer.

    Notes
    -----
    Weights start as He's do; the paper starts the encoder from a VGG-16 trained on ImageNet. In training, a
    batch needs two images: fc6 has one position an image, too few to normalise over.

    Examples
    --------
    >>> with torch.device("meta"):  # shapes and counts without the weights
    ...     net = DeconvNet()
    ...     scores = net(torch.zeros(2, 3, 224, 224))
    >>> sum(p.numel() for p in net.parameters()), tuple(scores.shape)
    (251805653, (2, 21, 224, 224))
    """

    def __init__(self, classes: int = 21, *, plan: Plan = PAPER) -> None:
        super().__init__()
        classes = positive_int("classes", classes)
        self.plan, self.input_size = plan, plan.input_size
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.unpool = nn.MaxUnpool2d(2)

        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        channels = plan.input_size[0]
        for layers, maps in plan.stages:
            widths = [channels] + layers * [maps]  # 64, 128, 128
            self.encoder.append(_stage(nn.Conv2d, widths))
            # the mirror image, 128, 128, 64; nearest to the image it keeps the maps
            back = [*widths[:0:-1], widths[0] if len(self.encoder) > 1 else maps]
            self.decoder.insert(0, _stage(nn.ConvTranspose2d, back))
            channels = maps
        self.middle = nn.Sequential(
            *_layer(nn.Conv2d, channels, plan.middle, plan.middle_kernel),  # (N, 4096, 1, 1)
            *_layer(nn.Conv2d, plan.middle, plan.middle, 1),
            *_layer(nn.ConvTranspose2d, plan.middle, channels, plan.middle_kernel),  # (N, 512, 7, 7)
        )
        self.scores = nn.Conv2d(plan.stages[0][1], classes, 1)
        he_initialisation(self)

    @classmethod
    def small(cls, classes: int = 21) -> "DeconvNet":
        """A small one for chapters, for images (N, 3, 64, 64), to train on two CPU cores.

        Three stages in place of five, and in the middle 3×3 kernels in place of 7×7 ones: fc6 sees 50×50
        pixels, not the whole image. Images of other sizes are taken as well, if 8 divides their sides and
        they are at least 24.

        Examples
        --------
        >>> net = DeconvNet.small(classes=11)
        >>> sum(p.numel() for p in net.parameters())
        401659
        >>> net(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 11, 64, 64])
        """
        return cls(classes, plan=SMALL)

    def classifier(self, num_classes: int = 1000) -> nn.Sequential:
        """A classifier of whole images: encoder, fc6 and fc7, to train these before the network segments.

        With the paper's numbers and images of 224×224 it is VGG-16, which the paper trains on ImageNet, with
        batch normalisation. It shares its weights with this network: train it, then train this network.

        Parameters
        ----------
        num_classes
            How many scores an image gets.

        Examples
        --------
        >>> net = DeconvNet.small()
        >>> net.classifier(10)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
        """
        last = nn.Linear(self.plan.middle, positive_int("num_classes", num_classes))
        seen = (part for stage in self.encoder for part in (stage, nn.MaxPool2d(2)))
        fc6_fc7 = self.middle[: 2 * _LAYER]
        return nn.Sequential(*seen, fc6_fc7, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, classes, H, W), before the softmax, of the pixels of images `x`."""
        check_images(x, (self.input_size[0], None, None))
        step, least = 2 ** len(self.plan.stages), self.plan.middle_kernel * 2 ** len(self.plan.stages)
        if any(side % step or side < least for side in x.shape[2:]):
            raise ValueError(
                f"x: got shape {tuple(x.shape)}, expected sides of at least {least} that {step} divides"
            )
        switches = []  # where each pool found its maxima
        for stage in self.encoder:
            x, where = self.pool(stage(x))
            switches.append(where)
        x = self.middle(x)
        for stage in self.decoder:
            x = stage(self.unpool(x, switches.pop()))
        return self.scores(x)


Kind = type[nn.Conv2d] | type[nn.ConvTranspose2d]
_LAYER = 3  # parts of a layer: convolution, normalisation, ReLU


def _stage(kind: Kind, widths: list[int]) -> nn.Sequential:
    pairs = itertools.pairwise(widths)
    return nn.Sequential(*(part for into, out in pairs for part in _layer(kind, into, out, 3, padding=1)))


def _layer(kind: Kind, channels: int, maps: int, kernel: int, padding: int = 0) -> list[nn.Module]:
    return [kind(channels, maps, kernel, padding=padding), nn.BatchNorm2d(maps), nn.ReLU()]
