"""LeNet-5, the network that read cheques, in three readings.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition" (1998), section II-B, figure 2 and table I.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from course_pkg._validate import choice
from course_pkg.models._common import check_images, he_initialisation, weighted_layers, xavier_initialisation


class LeNet5(nn.Module):
    """LeNet-5 for ten digits: two convolutions with pooling, then three fully connected layers.

    Takes images (N, 1, 28, 28), gives scores (N, 10); the highest is the network's answer. The first layer
    pads by 2, which makes the 32×32 field of the paper.

    Parameters
    ----------
    variant
        "published": sigmoids and average pooling, every map of the second convolution connected to all six
        of the first; this is how books and courses print the network. 61,706 parameters.
        "modern": the same layers with ReLU and max pooling. 61,706 parameters.
        "1998": the paper to the letter, with the table of connections, pooling with a weight and a bias, a
        scaled tanh and an output that measures the distance from a drawn digit. 60,000 parameters.

    Attributes
    ----------
    layers
        The layers in order, with the paper's names: C1, S2, C3, S4, C5, F6, output.

    Raises
    ------
    TypeError, ValueError
        If `variant` is not one of these.

    Notes
    -----
    "published" simplifies what was published: without the table of connections C3 has 2,416 parameters
    instead of 1,516, without trainable pooling S2 and S4 have none instead of 12 and 32, and the output has
    850 instead of none. C5 is a convolution in the paper; on a 5×5 map that is a fully connected layer.

    Weights start at random as Glorot and Bengio do (sigmoid), as He does (ReLU), or as the paper does.

    Examples
    --------
    >>> net = LeNet5()
    >>> sum(p.numel() for p in net.parameters())
    61706
    >>> net(torch.zeros(7, 1, 28, 28)).shape
    torch.Size([7, 10])
    >>> sum(p.numel() for p in LeNet5("1998").parameters())
    60000
    """

    input_size = (1, 28, 28)

    def __init__(self, variant: str = "published") -> None:
        super().__init__()
        match choice("variant", variant, ["published", "modern", "1998"]):
            case "published":
                self.layers = _dense(nn.Sigmoid, nn.AvgPool2d)
                xavier_initialisation(self)
            case "modern":
                self.layers = _dense(nn.ReLU, nn.MaxPool2d)
                he_initialisation(self)
            case _:
                self.layers = _as_in_1998()
                _lecun_initialisation(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (N, 10), before the softmax, of images `x` (N, 1, 28, 28)."""
        check_images(x, self.input_size)
        return self.layers(x)


def _dense(squash: type[nn.Module], pool: type[nn.MaxPool2d] | type[nn.AvgPool2d]) -> nn.Sequential:
    layers: dict[str, nn.Module] = {
        "C1": nn.Conv2d(1, 6, 5, padding=2),  # (N, 1, 28, 28) -> (N, 6, 28, 28)
        "C1_out": squash(),
        "S2": pool(2),  # (N, 6, 14, 14)
        "C3": nn.Conv2d(6, 16, 5),  # (N, 16, 10, 10)
        "C3_out": squash(),
        "S4": pool(2),  # (N, 16, 5, 5)
        "flatten": nn.Flatten(),  # (N, 400)
        "C5": nn.Linear(400, 120),
        "C5_out": squash(),
        "F6": nn.Linear(120, 84),
        "F6_out": squash(),
        "output": nn.Linear(84, 10),
    }
    return nn.Sequential(OrderedDict(layers))


def _as_in_1998() -> nn.Sequential:
    layers: dict[str, nn.Module] = {
        "C1": nn.Conv2d(1, 6, 5, padding=2),  # (N, 1, 28, 28) -> (N, 6, 28, 28)
        "C1_out": ScaledTanh(),
        "S2": Subsampling(6),  # (N, 6, 14, 14)
        "S2_out": ScaledTanh(),
        "C3": PartlyConnectedConv2d(TABLE_I, 5),  # (N, 16, 10, 10)
        "C3_out": ScaledTanh(),
        "S4": Subsampling(16),  # (N, 16, 5, 5)
        "S4_out": ScaledTanh(),
        "flatten": nn.Flatten(),  # (N, 400)
        "C5": nn.Linear(400, 120),
        "C5_out": ScaledTanh(),
        "F6": nn.Linear(120, 84),
        "F6_out": ScaledTanh(),
        "output": DistanceFromDrawing(),  # (N, 10)
    }
    return nn.Sequential(OrderedDict(layers))


# which of the six maps of S2 each of the sixteen maps of C3 sees: three neighbours, four neighbours (both
# around the corner), two and two, and one that sees all
TABLE_I = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)


class PartlyConnectedConv2d(nn.Module):
    """A convolution in which each output map sees only the input maps that a table names.

    It has one kernel (K, K) a connection and one bias an output map; a dense convolution would also have the
    kernels in between, held at 0.

    Parameters
    ----------
    table
        For each output map the input maps that it sees.
    kernel_size
        K.

    Examples
    --------
    >>> layer = PartlyConnectedConv2d(TABLE_I, 5)
    >>> layer.weight.shape, sum(p.numel() for p in layer.parameters())
    (torch.Size([60, 5, 5]), 1516)
    >>> layer(torch.zeros(7, 6, 14, 14)).shape
    torch.Size([7, 16, 10, 10])
    """

    def __init__(self, table: Sequence[Sequence[int]], kernel_size: int) -> None:
        super().__init__()
        pairs = [(out, into) for out, seen in enumerate(table) for into in seen]
        self.outputs, self.inputs = (list(column) for column in zip(*pairs, strict=True))
        self.kernel_size, self.stride = kernel_size, 1
        self.weight = nn.Parameter(torch.empty(len(pairs), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(table)))
        with torch.no_grad():
            for (out, _), kernel in zip(pairs, self.weight, strict=True):
                bound = 2.4 / (len(table[out]) * kernel_size**2)
                kernel.uniform_(-bound, bound)

    def dense_weight(self) -> torch.Tensor:
        """The kernels of the dense convolution (O, C, K, K) that does the same: zeros where none is here."""
        dense = self.weight.new_zeros(len(self.bias), max(self.inputs) + 1, *self.weight.shape[1:])
        return dense.index_put((torch.tensor(self.outputs), torch.tensor(self.inputs)), self.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.dense_weight(), self.bias)

    def multiply_adds(self, output_shape: tuple[int, ...]) -> int:
        """How many for one example; `layer_table` asks."""
        return self.weight.numel() * math.prod(output_shape[1:])


class Subsampling(nn.Module):
    """The sum of each 2×2 window, times one weight a map, plus one bias a map.

    Examples
    --------
    >>> layer = Subsampling(6)
    >>> layer(torch.ones(7, 6, 28, 28)).shape
    torch.Size([7, 6, 14, 14])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.kernel_size, self.stride = 2, 2
        self.weight = nn.Parameter(torch.empty(channels, 1, 1).uniform_(-2.4 / 4, 2.4 / 4))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(x, 2, divisor_override=1) * self.weight + self.bias


class ScaledTanh(nn.Module):
    """The paper's squashing function 1.7159 tanh(2x/3), equation 6 and appendix A: it maps ±1 to ±1.

    Examples
    --------
    >>> ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])).round(decimals=3)
    tensor([-1.,  0.,  1.])
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


class DistanceFromDrawing(nn.Module):
    """Minus the squared distance of 84 numbers from a 7×12 drawing of each digit, equation 7.

    The paper reads the smallest distance, so minus it is a score. The drawings, +1 for ink and -1 for paper,
    are fixed; they are ours, in the manner of the paper's figure 3.

    Attributes
    ----------
    drawings
        (10, 84); not trained.

    Examples
    --------
    >>> output = DistanceFromDrawing()
    >>> output(output.drawings).argmax(dim=1)
    tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """

    drawings: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        rows = [line.split() for line in DIGITS.strip().splitlines()]  # 12 rows of 10 pieces of 7 characters
        drawings = ["".join(row[digit] for row in rows) for digit in range(10)]
        ink = [[1.0 if dot == "#" else -1.0 for dot in drawing] for drawing in drawings]
        self.register_buffer("drawings", torch.tensor(ink))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return -(x[:, None] - self.drawings).square().sum(dim=2)  # (N, 1, 84) - (10, 84) -> (N, 10)


DIGITS = """
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
.#####.  ...#...  .#####.  .#####.  ....##.  #######  ..####.  #######  .#####.  .#####.
##...##  ..##...  ##...##  ##...##  ...###.  ##.....  .##....  .....##  ##...##  ##...##
##...##  .###...  .....##  .....##  ..####.  ##.....  ##.....  ....##.  ##...##  ##...##
##...##  ...#...  .....##  .....##  .##.##.  ##.....  ##.....  ....##.  ##...##  ##...##
##...##  ...#...  ....##.  ..####.  ##..##.  ######.  ######.  ...##..  .#####.  .######
##...##  ...#...  ...##..  .....##  #######  .....##  ##...##  ...##..  ##...##  .....##
##...##  ...#...  ..##...  .....##  ....##.  .....##  ##...##  ..##...  ##...##  .....##
##...##  ...#...  .##....  ##...##  ....##.  ##...##  ##...##  ..##...  ##...##  ....##.
.#####.  .#####.  #######  .#####.  ....##.  .#####.  .#####.  ..##...  .#####.  .####..
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
"""


def _lecun_initialisation(net: nn.Module) -> None:
    # the paper's own: uniform within 2.4 / fan-in; the layers made for this paper do it themselves
    for layer in weighted_layers(net):
        bound = 2.4 / layer.weight[0].numel()
        for parameter in layer.parameters():
            nn.init.uniform_(parameter, -bound, bound)
