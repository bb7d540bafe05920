"""U-Net: an encoder and a decoder, with the encoder's maps handed across.

Source: O. Ronneberger, P. Fischer and T. Brox, "U-Net: convolutional networks for biomedical image
segmentation" (2015), figure 1, sections 2 and 3.
"""

from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import positive_int
from course_pkg.models._common import check_images, he_initialisation


class Plan(NamedTuple):
    """The numbers that make a U-Net."""

    input_size: tuple[int, int, int]
    widths: tuple[int, ...]  # maps of each level, from the image's resolution down
    padding: int  # of the 3×3 convolutions
    batch_norm: bool
    dropout: float  # at the end of the encoder


PAPER = Plan((1, 572, 572), widths=(64, 128, 256, 512, 1024), padding=0, batch_norm=False, dropout=0.5)
SMALL = Plan((3, 64, 64), widths=(12, 24, 48, 128), padding=1, batch_norm=True, dropout=0.0)


class UNet(nn.Module):
    """U-Net: images (N, 1, 572, 572) to scores (N, classes, 388, 388) of the pixels in their middle.

    Each level of the encoder has two 3×3 convolutions with ReLU; a 2×2 max pool leads to the next, which has
    twice the maps. Each level of the decoder doubles width and height with a 2×2 transposed convolution,
    puts the maps of the encoder's level beside its own, and has two 3×3 convolutions again. So the decoder
    need not guess where an edge was. 23 convolutions, 31,030,658 parameters.

    Parameters
    ----------
    classes
        Classes of a pixel: 2 in the paper, cell and background.
    plan
        The numbers of the levels; the paper's if not given.

    Attributes
    ----------
    encoder, decoder
        The pairs of 3×3 convolutions of each level.
    up
        The transposed convolutions.
    scores
        The last 1×1 convolution.

    Raises
    ------
    TypeError, ValueError
        If `classes` is not a positive integer.

    Notes
    -----
    The paper does not pad, so each 3×3 convolution costs a border of one pixel, the output is 184 pixels
    smaller than the input, and the encoder's maps are cropped before they are handed across. Weights start
    as He's do, as in section 3. The paper says where its dropout stands, not how much it drops.

    Examples
    --------
    >>> with torch.device("meta"):  # shapes and counts without the weights
    ...     net = UNet()
    ...     scores = net(torch.zeros(1, 1, 572, 572))
    >>> sum(p.numel() for p in net.parameters()), tuple(scores.shape)
    (31030658, (1, 2, 388, 388))
    """

    def __init__(self, classes: int = 2, *, plan: Plan = PAPER) -> None:
        super().__init__()
        classes = positive_int("classes", classes)
        self.plan, self.input_size = plan, plan.input_size
        self.pool, self.drop = nn.MaxPool2d(2), nn.Dropout(plan.dropout)
        self.encoder, self.up, self.decoder = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        channels = plan.input_size[0]
        for maps in plan.widths:
            self.encoder.append(_pair(channels, maps, plan))
            channels = maps
        for maps in reversed(plan.widths[:-1]):
            self.up.append(nn.ConvTranspose2d(channels, maps, 2, stride=2))
            self.decoder.append(_pair(2 * maps, maps, plan))
            channels = maps
        self.scores = nn.Conv2d(channels, classes, 1)
        he_initialisation(self)

    @classmethod
    def small(cls, classes: int = 21) -> "UNet":
        """A small one for chapters, for colour images, as large as `DeconvNet.small`.

        Four levels with padding and batch normalisation: scores for every pixel of images (N, 3, H, W), if 8
        divides H and W.

        Examples
        --------
        >>> net = UNet.small(classes=11)
        >>> sum(p.numel() for p in net.parameters())
        357239
        >>> net(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 11, 64, 64])
        """
        return cls(classes, plan=SMALL)

    def classifier(self, num_classes: int = 1000) -> nn.Sequential:
        """A classifier of whole images on top of the encoder, to train it before the network segments.

        It shares its weights with this network: train it, then train this network.

        Parameters
        ----------
        num_classes
            How many scores an image gets.

        Examples
        --------
        >>> net = UNet.small()
        >>> net.classifier(10)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
        """
        last = nn.Linear(self.plan.widths[-1], positive_int("num_classes", num_classes))
        first, *others = self.encoder
        deeper = (part for pair in others for part in (self.pool, pair))
        return nn.Sequential(first, *deeper, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, classes, H', W'), before the softmax, of the pixels of images `x` (N, C, H, W)."""
        check_images(x, (self.input_size[0], None, None))
        self._check_sides(x)
        handed: list[torch.Tensor] = []
        for level, pair in enumerate(self.encoder):
            if level > 0:
                handed.append(x)
                x = self.pool(x)
            x = pair(x)
        x = self.drop(x)
        for up, pair in zip(self.up, self.decoder, strict=True):
            x = up(x)
            x = pair(torch.cat([_crop(handed.pop(), x), x], dim=1))
        return self.scores(x)

    def _check_sides(self, x: torch.Tensor) -> None:
        lost = 4 * (1 - self.plan.padding)  # what two convolutions cost
        for side in x.shape[2:]:
            left = side - lost
            for _ in self.plan.widths[1:]:
                if left < 2 or left % 2:
                    raise ValueError(
                        f"x: got shape {tuple(x.shape)}, expected sides that every pool can halve, such as "
                        f"{self.input_size[1]}: with {side} a pool gets {left}"
                    )
                left = left // 2 - lost
            if left < 1:
                raise ValueError(f"x: got shape {tuple(x.shape)}, expected larger sides than {side}")


def _pair(channels: int, maps: int, plan: Plan) -> nn.Sequential:
    layers: list[nn.Module] = []
    for into in (channels, maps):
        layers.append(nn.Conv2d(into, maps, 3, padding=plan.padding))
        if plan.batch_norm:
            layers.append(nn.BatchNorm2d(maps))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def _crop(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The middle of `x`, as large as `like`."""
    top, left = ((have - want) // 2 for have, want in zip(x.shape[2:], like.shape[2:], strict=True))
    return x[:, :, top : top + like.shape[2], left : left + like.shape[3]]
