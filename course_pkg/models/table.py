"""The model table: every network, its layers and parameters, beside what others have counted.

`python -m course_pkg models` prints it.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from course_pkg._layer_table import layer_table
from course_pkg.models import (
    VGG,
    YOLO,
    AlexNet,
    DeconvNet,
    GoogLeNet,
    GroupConvNet,
    LeNet5,
    MNIST1DConvNet,
    MNIST1DFullyConnected,
    NiN,
    UNet,
)
from course_pkg.models.groupconv import GroupConv2d, LiftingConv2d
from course_pkg.models.lenet import PartlyConnectedConv2d

CONVOLUTIONS = (
    nn.Conv1d,
    nn.Conv2d,
    nn.ConvTranspose2d,
    PartlyConnectedConv2d,
    LiftingConv2d,
    GroupConv2d,
)


class Published(NamedTuple):
    """How many parameters somebody else says that a network has."""

    figure: int
    unit: int  # what the figure is rounded to; 1 if it is exact
    source: str


class Entry(NamedTuple):
    """A network of the table."""

    name: str
    build: Callable[[], nn.Module]
    input_size: tuple[int, ...]
    published: Published | None


class Row(NamedTuple):
    """What the table says of a network; `difference`: ours, rounded as the published figure is, less that."""

    name: str
    convolutions: int
    fully_connected: int
    parameters: int
    multiply_adds: int
    published: int | None
    difference: int | None
    source: str


PRINCE = "Prince, Understanding Deep Learning, fig. 10.8"
TORCHVISION = "torchvision's table of weights"
NETSCOPE = "HPE Deep Learning Cookbook, model table"
IMAGE = (3, 224, 224)

ENTRIES = [
    Entry("MNIST1DConvNet()", MNIST1DConvNet, (40,), Published(2_050, 1, PRINCE)),
    Entry("MNIST1DFullyConnected()", MNIST1DFullyConnected, (40,), Published(59_065, 1, PRINCE)),
    Entry(
        'LeNet5("published")',
        LeNet5,
        LeNet5.input_size,
        Published(61_706, 1, "M. Chapel, Deep learning models: LeNet"),
    ),
    Entry('LeNet5("modern")', lambda: LeNet5("modern"), LeNet5.input_size, None),
    Entry(
        'LeNet5("1998")',
        lambda: LeNet5("1998"),
        LeNet5.input_size,
        Published(60_000, 1, "LeCun et al. 1998, section II-B"),
    ),
    Entry("AlexNet()", AlexNet, (3, 227, 227), Published(62_378_344, 1, "pytorchcv, list of models")),
    Entry("AlexNet(towers=2)", lambda: AlexNet(towers=2), (3, 227, 227), Published(60_965_224, 1, NETSCOPE)),
    Entry("VGG(11)", lambda: VGG(11), IMAGE, Published(132_863_336, 1, TORCHVISION)),
    Entry("VGG(13)", lambda: VGG(13), IMAGE, Published(133_047_848, 1, TORCHVISION)),
    Entry("VGG(16)", lambda: VGG(16), IMAGE, Published(138_357_544, 1, TORCHVISION)),
    Entry("VGG(19)", lambda: VGG(19), IMAGE, Published(143_667_240, 1, TORCHVISION)),
    Entry(
        "VGG(16, batch_norm=True)",
        lambda: VGG(16, batch_norm=True),
        IMAGE,
        Published(138_365_992, 1, TORCHVISION),
    ),
    Entry("NiN()", NiN, NiN.input_size, Published(966_986, 1, "pytorchcv, list of models for CIFAR-10")),
    Entry("GoogLeNet()", GoogLeNet, IMAGE, Published(13_378_280, 1, "lucid, tests of its GoogLeNet")),
    Entry(
        "GoogLeNet(auxiliary=False)",
        lambda: GoogLeNet(auxiliary=False),
        IMAGE,
        Published(6_998_552, 1, NETSCOPE),
    ),
    Entry(
        "YOLO()",
        YOLO,
        (3, 448, 448),
        Published(271_703_550, 1, "V. Rao, Classical to Modern Computer Vision, model index"),
    ),
    Entry(
        "DeconvNet()",
        DeconvNet,
        IMAGE,
        Published(252_000_000, 1_000_000, "Noh et al. 2015, implementation details"),
    ),
    Entry(
        "UNet()",
        UNet,
        (1, 572, 572),
        Published(31_030_658, 1, "Original U-Net in Keras / Tensorflow 2.3 (blog, 2020)"),
    ),
    Entry("GroupConvNet()", GroupConvNet, GroupConvNet.input_size, None),
    Entry('GroupConvNet(group="z2")', lambda: GroupConvNet(group="z2"), GroupConvNet.input_size, None),
]


def row(entry: Entry) -> Row:
    """Build a network, without its weights, and count.

    Examples
    --------
    >>> layer = Entry("a layer", lambda: nn.Conv2d(3, 5, 3), (3, 10, 10), Published(100, 100, "a guess"))
    >>> row(layer)[:4], row(layer).multiply_adds, row(layer).difference
    (('a layer', 1, 0, 140), 8640, 0)
    """
    with torch.device("meta"):
        net = entry.build()
        multiply_adds = sum(layer.macs for layer in layer_table(net, entry.input_size))
    parameters = sum(parameter.numel() for parameter in net.parameters())
    difference = None
    if entry.published is not None:
        unit = entry.published.unit
        difference = (parameters + unit // 2) // unit * unit - entry.published.figure
    return Row(
        name=entry.name,
        convolutions=sum(isinstance(layer, CONVOLUTIONS) for layer in net.modules()),
        fully_connected=sum(isinstance(layer, nn.Linear) for layer in net.modules()),
        parameters=parameters,
        multiply_adds=multiply_adds,
        published=entry.published.figure if entry.published else None,
        difference=difference,
        source=entry.published.source if entry.published else "",
    )


def show() -> int:
    """Print the table.

    Returns
    -------
    int
        Exit status of the command line: 0, or 1 if a count differs from a published one.
    """
    rows = [row(entry) for entry in ENTRIES]
    heads = (
        "network",
        "convs",
        "fully c.",
        "parameters",
        "multiply-adds",
        "published",
        "difference",
        "source",
    )
    cells = [heads, *(tuple(_text(value) for value in each) for each in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        first, *numbers, source = (f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True))
        print("  ".join([first.strip().ljust(widths[0]), *numbers, source.strip()]).rstrip())
    different = [each.name for each in rows if each.difference]
    compared = [each for each in rows if each.difference is not None]
    print(
        f"\n{len(compared) - len(different)} of {len(compared)} published figures met exactly, or as rounded."
    )
    return 1 if different else 0


def _text(value: str | int | None) -> str:
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else value
