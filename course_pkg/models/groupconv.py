"""Convolutions that follow rotations and reflections as well as translations.

Source: T. S. Cohen and M. Welling, "Group equivariant convolutional networks" (2016), sections 4-7 and 8.1.

A group convolution has, besides the usual two, an axis for the elements of a group of turns and flips of the
square: feature maps are (N, C, G, H, W). When the image is turned, the maps of each channel turn with it and
change places along that axis; nothing else changes.
"""

import torch
from torch import nn
from torch.nn import functional as F

from course_pkg._validate import choice, positive_int
from course_pkg.models._common import check_images

Element = tuple[int, int]  # (flips, quarter turns): first flip left and right (0 or 1 times), then turn

GROUPS: dict[str, list[Element]] = {
    "z2": [(0, 0)],  # translations alone: an ordinary convolution
    "p4": [(0, turns) for turns in range(4)],  # and quarter turns
    "p4m": [(flips, turns) for flips in range(2) for turns in range(4)],  # and mirror images
}


PAPER = {"z2": 20, "p4": 10, "p4m": 7}  # channels of each layer: 20 divided by the root of the group's size
SMALL = {"z2": 12, "p4": 5, "p4m": 3}


def act(element: Element, x: torch.Tensor) -> torch.Tensor:
    """Flip and turn the last two axes of `x`, counterclockwise.

    Examples
    --------
    >>> act((0, 1), torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    flips, turns = element
    return torch.rot90(x.flip(-1) if flips else x, turns, dims=(-2, -1))


def compose(first: Element, second: Element) -> Element:
    """The one element that does first `second`, then `first`: act(compose(a, b), x) = act(a, act(b, x)).

    A flip makes a turn that came before it one the other way round.

    Examples
    --------
    >>> compose((1, 0), (0, 1))
    (1, 3)
    """
    (flips_1, turns_1), (flips_2, turns_2) = first, second
    return (flips_1 + flips_2) % 2, (turns_1 + (-turns_2 if flips_1 else turns_2)) % 4


def places(group: str, element: Element) -> list[int]:
    """Where each map of a channel comes from when the image is transformed by `element`.

    Examples
    --------
    >>> places("p4", (0, 1))
    [3, 0, 1, 2]
    """
    elements = GROUPS[group]
    came_from = {compose(element, old): i for i, old in enumerate(elements)}
    return [came_from[new] for new in elements]


def act_on_maps(group: str, element: Element, maps: torch.Tensor) -> torch.Tensor:
    """What happens to feature maps (..., G, H, W) when the image is transformed: they turn and change places.

    Examples
    --------
    >>> maps = torch.arange(4).view(4, 1, 1)  # one pixel each: there is nothing to turn
    >>> act_on_maps("p4", (0, 1), maps).flatten()
    tensor([3, 0, 1, 2])
    """
    return act(element, maps)[..., places(group, element), :, :]


class LiftingConv2d(nn.Module):
    """From an image to a map for each element of the group: the kernel, flipped and turned, correlated.

    Takes (N, C, H, W), gives (N, O, G, H', W'), without padding.

    Parameters
    ----------
    in_channels, out_channels
        C and O.
    kernel_size
        K.
    group
        "z2", "p4" or "p4m".

    Notes
    -----
    Source: Cohen and Welling, equation 10.

    Examples
    --------
    >>> layer = LiftingConv2d(1, 10, 3)
    >>> layer(torch.zeros(7, 1, 28, 28)).shape, sum(p.numel() for p in layer.parameters())
    (torch.Size([7, 10, 4, 26, 26]), 100)
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, group: str = "p4") -> None:
        super().__init__()
        self.group, self.kernel_size, self.stride = choice("group", group, GROUPS), kernel_size, 1
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def filters(self) -> torch.Tensor:
        """All kernels, (O, G, C, K, K): the one of element g is the stored one, transformed by g."""
        return torch.stack([act(g, self.weight) for g in GROUPS[self.group]], dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _correlate(x, self.filters(), self.bias)

    def multiply_adds(self, output_shape: tuple[int, ...]) -> int:
        """How many for one example; `layer_table` asks."""
        return self.weight[0].numel() * torch.Size(output_shape).numel()


class GroupConv2d(nn.Module):
    """From a map for each element of the group to such maps again.

    Takes (N, C, G, H, W), gives (N, O, G, H', W'), without padding. A kernel has a slice for each element;
    to transform it is to transform every slice and to let the slices change places.

    Parameters
    ----------
    in_channels, out_channels
        C and O.
    kernel_size
        K.
    group
        "z2", "p4" or "p4m".

    Notes
    -----
    Source: Cohen and Welling, equation 11.

    Examples
    --------
    >>> layer = GroupConv2d(10, 20, 3)
    >>> layer(torch.zeros(7, 10, 4, 26, 26)).shape, sum(p.numel() for p in layer.parameters())
    (torch.Size([7, 20, 4, 24, 24]), 7220)
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, group: str = "p4") -> None:
        super().__init__()
        self.group, self.kernel_size, self.stride = choice("group", group, GROUPS), kernel_size, 1
        elements = len(GROUPS[group])
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, elements, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def filters(self) -> torch.Tensor:
        """All kernels, (O, G, C, G, K, K): the one of element g is the stored one, transformed by g."""
        return torch.stack([act_on_maps(self.group, g, self.weight) for g in GROUPS[self.group]], dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _correlate(x.flatten(1, 2), self.filters().flatten(2, 3), self.bias)

    def multiply_adds(self, output_shape: tuple[int, ...]) -> int:
        """How many for one example; `layer_table` asks."""
        return self.weight[0].numel() * torch.Size(output_shape).numel()


def _correlate(x: torch.Tensor, filters: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    # x (N, C, H, W), filters (O, G, C, K, K), one bias a channel: (N, O, G, H', W')
    elements = filters.shape[1]
    y = F.conv2d(x, filters.flatten(0, 1), bias.repeat_interleave(elements))
    return y.unflatten(1, (-1, elements))


class GroupConvNet(nn.Module):
    """A network for digits at any orientation: images (N, 1, 28, 28) to scores (N, classes).

    Seven layers: a lifting convolution and five group convolutions, 3×3, with batch normalisation, ReLU and
    dropout, a 2×2 max pool behind the second, and a 4×4 group convolution down to one position; the highest
    score over the group is the answer. Turn the image by 90°, and its scores stay what they are.

    Parameters
    ----------
    num_classes
        How many scores an image gets.
    group
        "p4": translations and quarter turns. "p4m": mirror images as well. "z2": translations alone, which
        makes it a plain convolutional network of about the same size.
    channels
        Channels of each layer; if not given, 20 for "z2" and 10 for "p4", as in the paper, and 7 for "p4m":
        20 divided by the root of the group's size, which keeps the number of parameters about the same:
        21,750, 24,680 and 26,799.

    Attributes
    ----------
    features
        All layers: (N, classes, G, 1, 1).

    Raises
    ------
    TypeError, ValueError
        If `num_classes` or `channels` is not a positive integer, or `group` another name.

    Notes
    -----
    Nothing is padded, every convolution has stride 1, and the pool meets an even side (24), so that no grid
    point is treated unlike its turned image: the network is exactly equivariant. Weights start as He's do.

    Examples
    --------
    >>> net = GroupConvNet().eval()
    >>> sum(p.numel() for p in net.parameters())
    24680
    >>> x = torch.rand(7, 1, 28, 28)
    >>> torch.allclose(net(x), net(act((0, 1), x)), atol=1e-5)
    True
    """

    input_size = (1, 28, 28)

    def __init__(self, num_classes: int = 10, group: str = "p4", channels: int | None = None) -> None:
        super().__init__()
        num_classes, group = positive_int("num_classes", num_classes), choice("group", group, GROUPS)
        channels = PAPER[group] if channels is None else positive_int("channels", channels)
        self.group = group
        self.features = nn.Sequential(
            LiftingConv2d(1, channels, 3, group),  # (N, 1, 28, 28) -> (N, C, G, 26, 26)
            *_behind(channels),
            GroupConv2d(channels, channels, 3, group),  # (N, C, G, 24, 24)
            *_behind(channels),
            nn.MaxPool3d((1, 2, 2)),  # (N, C, G, 12, 12): only along height and width
        )
        for _ in range(4):  # 10, 8, 6, 4
            self.features.append(GroupConv2d(channels, channels, 3, group))
            self.features.extend(_behind(channels))
        self.features.append(GroupConv2d(channels, num_classes, 4, group))  # (N, classes, G, 1, 1)

    @classmethod
    def small(cls, num_classes: int = 10, group: str = "p4") -> "GroupConvNet":
        """The same layers with fewer channels, 12, 5 and 3; the plain network is the largest of the three.

        Examples
        --------
        >>> [sum(p.numel() for p in GroupConvNet.small(group=g).parameters()) for g in GROUPS]
        [8734, 7845, 7171]
        """
        return cls(num_classes, group, channels=SMALL[choice("group", group, GROUPS)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, classes), before the softmax, of images `x` (N, 1, 28, 28)."""
        check_images(x, self.input_size)
        return self.features(x).amax(dim=(2, 3, 4))


def _behind(channels: int) -> list[nn.Module]:
    # a mean, a scale and a dropout decision are shared by all maps of a channel: they change places freely
    return [nn.BatchNorm3d(channels), nn.ReLU(), nn.Dropout3d(0.1)]
