"""Which part of an image an answer rests on: cover it piece by piece, and watch the score.

Source: M. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2.
"""

import torch
from torch import nn

from course_pkg._validate import positive_int
from course_pkg.models._common import check_images
from course_pkg.visualize.units import Unit, evaluating, unit_values, values_of


def occlusion_map(
    model: nn.Module,
    x: torch.Tensor,
    unit: Unit | int,
    *,
    window: int = 5,
    stride: int = 1,
    fill: float = 0.0,
) -> torch.Tensor:
    """How much a score falls when a square of the image is covered, for each place of the square.

    Parameters
    ----------
    model
        A network, run in evaluation mode.
    x
        One image, (1, C, H, W).
    unit
        What is watched: a class, whose score is in the answer (N, classes), or any unit.
    window
        Side of the square in pixels.
    stride
        How far it moves from place to place.
    fill
        The value that covers; where it equals the background, covering background changes nothing.

    Returns
    -------
    torch.Tensor
        (M, N) with M = ⌊(H − window) / stride⌋ + 1, N likewise: the score of the whole image minus the score
        with the square's upper left corner at row m · stride, column n · stride. Positive: the part speaks
        for the answer; negative: against it.

    Raises
    ------
    TypeError, ValueError
        If `x` is not one image, the window does not fit, or there is no such unit.

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(9, 2, bias=False))
    >>> _ = net[1].weight.data.copy_(torch.arange(18.0).view(2, 9))
    >>> occlusion_map(net, torch.ones(1, 1, 3, 3), 0, window=2)  # 0 + 1 + 3 + 4, 1 + 2 + 4 + 5, …
    tensor([[ 8., 12.],
            [20., 24.]])
    """
    check_images(x, (None, None, None))
    _, _, height, width = x.shape
    side, step = positive_int("window", window), positive_int("stride", stride)
    if len(x) != 1:
        raise ValueError(f"x: got {len(x)} images, expected one")
    if side > min(height, width):
        raise ValueError(f"window: got {side}, expected at most {min(height, width)}, the side of the image")
    rows, columns = range(0, height - side + 1, step), range(0, width - side + 1, step)
    covered = x.detach().repeat(len(rows) * len(columns), 1, 1, 1)
    corners = ((row, column) for row in rows for column in columns)
    for image, (row, column) in zip(covered, corners, strict=True):
        image[:, row : row + side, column : column + side] = fill
    drops = _values(model, x, unit) - torch.cat([_values(model, part, unit) for part in covered.split(256)])
    return drops.view(len(rows), len(columns))


@torch.no_grad()
def _values(model: nn.Module, x: torch.Tensor, unit: Unit | int) -> torch.Tensor:
    if isinstance(unit, Unit):
        return unit_values(model, x, unit)
    with evaluating(model):
        return values_of(model(x), Unit("the answer", unit))
