"""What a layer gives, and one unit of it, read off while the network runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import choice, describe, integer


class Unit(NamedTuple):
    """One unit of a network: a map, one position of a map, or one of the numbers of a linear layer."""

    layer: str
    """Name of the layer, as `model.named_modules()` has it."""
    channel: int
    """Which map, or which number."""
    position: tuple[int, int] | None = None
    """Row and column in the map; None for the mean of the whole map."""


def feature_maps(model: nn.Module, x: torch.Tensor, layers: str | Sequence[str]) -> dict[str, torch.Tensor]:
    """What some layers give for a batch of images, in evaluation mode.

    Parameters
    ----------
    model
        A network; it is left as it was.
    x
        What it takes, most often (N, C, H, W).
    layers
        Name of one layer, or of several, as `model.named_modules()` has them.

    Returns
    -------
    dict of name to torch.Tensor
        The output of each layer, (N, maps, H', W') for a convolution, without a history of gradients.

    Raises
    ------
    TypeError
        If `x` is not a tensor, or a name is not a string.
    ValueError
        If the network has no layer of that name, does not use it, or uses it more than once.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2))
    >>> maps = feature_maps(net, torch.zeros(7, 1, 28, 28), ["0", "2"])
    >>> {name: tuple(y.shape) for name, y in maps.items()}
    {'0': (7, 6, 24, 24), '2': (7, 6, 12, 12)}
    """
    names = [layers] if isinstance(layers, str) else list(layers)
    with torch.no_grad():
        return {name: y.clone() for name, y in run_recording(model, x, names)[1].items()}


def unit_values(model: nn.Module, x: torch.Tensor, unit: Unit) -> torch.Tensor:
    """How active a unit is for each image of a batch; gradients flow back to `x`.

    Parameters
    ----------
    model
        A network, run in evaluation mode.
    x
        What it takes, N images.
    unit
        Which unit.

    Returns
    -------
    torch.Tensor
        (N,)

    Raises
    ------
    TypeError, ValueError
        If there is no such layer, map or position, or `x` is not a tensor.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU())
    >>> unit_values(net, torch.zeros(7, 1, 28, 28), Unit("1", 5)).shape
    torch.Size([7])
    """
    return values_of(run_recording(model, x, [unit.layer])[1][unit.layer], unit)


def values_of(y: torch.Tensor, unit: Unit) -> torch.Tensor:
    """The unit's value, (N,), in what its layer has given, (N, units) or (N, maps, H, W).

    Raises
    ------
    ValueError
        If there is no such map or position.
    """
    channel = integer("unit.channel", unit.channel, minimum=0)
    if y.ndim not in (2, 4) or channel >= y.shape[1]:
        raise ValueError(f"unit: got channel {channel} of {unit.layer!r}, which gives {tuple(y.shape)}")
    if unit.position is None:
        return y[:, channel].flatten(1).mean(dim=1) if y.ndim == 4 else y[:, channel]
    row, column = unit.position
    if y.ndim != 4 or not (0 <= row < y.shape[2] and 0 <= column < y.shape[3]):
        raise ValueError(
            f"unit: got position {unit.position} of {unit.layer!r}, which gives {tuple(y.shape)}"
        )
    return y[:, channel, row, column]


def run_recording(
    model: nn.Module, x: torch.Tensor, names: Sequence[str]
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """What the network answers, and what the named layers gave on the way, in evaluation mode.

    Raises
    ------
    TypeError
        If `x` is not a tensor.
    ValueError
        If a layer does not exist, or is not used exactly once.
    """
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x: got {describe(x)}, expected a tensor of images")
    modules = {name: module for name, module in model.named_modules() if name}
    seen: dict[str, list[torch.Tensor]] = {choice("layers", name, modules): [] for name in names}
    hooks = [
        modules[name].register_forward_hook(lambda _, __, y, into=into: into.append(y))
        for name, into in seen.items()
    ]
    try:
        with evaluating(model):
            answer = model(x)
    finally:
        for hook in hooks:
            hook.remove()
    for name, outputs in seen.items():
        if len(outputs) != 1:
            raise ValueError(
                f"layers: got {name!r}, which the network uses {len(outputs)} times, expected once"
            )
    return answer, {name: y for name, (y,) in seen.items()}


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; each module goes back to the mode that it was in."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
