"""Images that make a unit as active as possible, found by climbing from noise.

Source: K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks" (2014), section 2.
"""

from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import integer, number, positive_int, sizes
from course_pkg.visualize.units import Unit, unit_values


class Maximised(NamedTuple):
    """What a unit likes."""

    images: torch.Tensor
    """(count, C, H, W)."""
    values: torch.Tensor
    """How active the unit is for each, (count,)."""


def maximise(
    model: nn.Module,
    unit: Unit,
    shape: tuple[int, int, int],
    *,
    count: int = 1,
    steps: int = 200,
    learning_rate: float = 0.05,
    energy: float = 0.0,
    variation: float = 0.0,
    jitter: int = 0,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    noise: float = 0.1,
    seed: int = 0,
) -> Maximised:
    """Climb from noise to images for which a unit is as active as possible.

    Each step goes, by Adam, up the gradient of: the unit's value − energy · ‖x‖² / 2 − variation · the total
    variation of x. Without the two penalties the result is mostly a fine pattern that no camera takes.

    Parameters
    ----------
    model
        A network, run in evaluation mode.
    unit
        What is to be active.
    shape
        C, H, W of an image.
    count
        How many images, each from noise of its own.
    steps
        How often to go up.
    learning_rate
        How far, in grey values a step.
    energy
        What bright and dark pixels cost: the weight of half the sum of their squares.
    variation
        What differences between neighbours cost: the weight of `total_variation`.
    jitter
        The image is moved by up to so many pixels, on a ring, at random, before each step.
    bounds
        Least and greatest value of a pixel; None: any.
    noise
        Standard deviation of the noise at the start, around the middle of `bounds`, or around 0.
    seed
        Of noise and jitter.

    Returns
    -------
    Maximised

    Raises
    ------
    TypeError, ValueError
        If there is no such unit, or a setting is out of range.

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False))
    >>> _ = net[1].weight.data.copy_(torch.tensor([[1.0, -2.0, 0.0, 3.0]]))
    >>> found = maximise(net, Unit("1", 0), (1, 2, 2), energy=0.5, steps=500, bounds=None)
    >>> found.images.flatten().round(decimals=2) + 0.0  # w / energy
    tensor([ 2., -4.,  0.,  6.])
    """
    chw = sizes("shape", shape)
    if len(chw) != 3:
        raise ValueError(f"shape: got {shape}, expected (C, H, W)")
    for name, weight in {"energy": energy, "variation": variation, "noise": noise}.items():
        if number(name, weight) < 0:
            raise ValueError(f"{name}: got {weight}, expected 0 or more")
    far = integer("jitter", jitter, minimum=0)
    random = torch.Generator().manual_seed(seed)
    middle = 0.0 if bounds is None else sum(bounds) / 2
    start = middle + noise * torch.randn(positive_int("count", count), *chw, generator=random)
    x = within(start, bounds).requires_grad_()
    adam = torch.optim.Adam([x], lr=number("learning_rate", learning_rate, positive=True))
    for _ in range(positive_int("steps", steps)):
        by = torch.randint(-far, far + 1, (2,), generator=random).tolist()
        value = unit_values(model, x.roll(by, dims=(2, 3)), unit).sum()
        cost = energy / 2 * x.square().sum() + variation * total_variation(x).sum()
        (x.grad,) = torch.autograd.grad(cost - value, x)
        adam.step()
        x.data = within(x.data, bounds)
    x = x.detach()
    with torch.no_grad():
        return Maximised(x, unit_values(model, x, unit))


def total_variation(x: torch.Tensor) -> torch.Tensor:
    """The sum of squared differences between neighbours, of each image.

    Parameters
    ----------
    x
        (N, C, H, W).

    Returns
    -------
    torch.Tensor
        (N,)

    Raises
    ------
    ValueError
        If `x` is of another rank.

    Notes
    -----
    Squared differences, as in A. Mahendran and A. Vedaldi, "Understanding deep image representations by
    inverting them" (2015), equation 3 with β = 2.

    Examples
    --------
    >>> total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 3.0]]]]))  # 1 + 9 across, 0 + 4 down
    tensor([14.])
    """
    if x.ndim != 4:
        raise ValueError(f"x: got shape {tuple(x.shape)}, expected (N, C, H, W)")
    down, across = x.diff(dim=2), x.diff(dim=3)
    return down.square().flatten(1).sum(dim=1) + across.square().flatten(1).sum(dim=1)


def within(x: torch.Tensor, bounds: tuple[float, float] | None) -> torch.Tensor:
    """`x`, with what lies outside the bounds set to the nearest of them.

    Raises
    ------
    ValueError
        If `bounds` are not a least and a greatest value.
    """
    if bounds is None:
        return x
    if len(bounds) != 2 or not bounds[0] < bounds[1]:
        raise ValueError(f"bounds: got {bounds}, expected least and greatest value, or None")
    return x.clamp(*bounds)
