"""The way back from one unit to the pixels that made it active.

Sources: M. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks" (2014), section 2.1;
for the other two rules K. Simonyan et al., "Deep inside convolutional networks" (2014), section 3, and
J. T. Springenberg et al., "Striving for simplicity" (2015), section 3.4.
"""

from collections.abc import Callable

import torch
from torch import nn

from course_pkg._validate import choice
from course_pkg.visualize.units import Unit, evaluating, values_of

# what a ReLU hands back of g, if it was given x
RULES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "deconvnet": lambda g, x: g.relu(),
    "gradient": lambda g, x: g * (x > 0),
    "guided": lambda g, x: g.relu() * (x > 0),
}
# layers that are linear, once it is known which value a pool has taken
LINEAR = (
    *(nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.Flatten, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d),
    *(nn.BatchNorm2d, nn.Dropout, nn.Dropout2d, nn.Identity),
)


def reconstruct(
    layers: nn.Sequential, x: torch.Tensor, unit: Unit, *, rule: str = "deconvnet"
) -> torch.Tensor:
    """Keep one unit, set all others of its layer to zero, and go back to the pixels.

    On the way back a convolution becomes the transposed convolution with the same kernels and without bias; a
    max pool puts each value where it had found the maximum (its *switch*); and a ReLU passes on

    - "deconvnet": what is positive on the way back, whatever it was given on the way there;
    - "gradient": what belongs to a value that was positive on the way there, which is the exact gradient;
    - "guided": what is both.

    Parameters
    ----------
    layers
        Layers in a row: convolutions, linear layers, ReLU, pooling, normalisation, dropout, flattening.
    x
        Images, (N, C, H, W).
    unit
        Which unit of which layer, by its name in `layers`. If its position is None, the most active position
        of its map is kept, of each image its own.
    rule
        What a ReLU does on the way back.

    Returns
    -------
    torch.Tensor
        (N, C, H, W): for the rule "gradient" the gradient of the unit's value times that value.

    Raises
    ------
    TypeError
        If there is a layer of another kind before the unit's, or `layers` is not an `nn.Sequential`.
    ValueError
        If there is no such unit or rule.

    Examples
    --------
    >>> layers = nn.Sequential(nn.Conv2d(1, 1, 3, bias=False), nn.ReLU())
    >>> _ = layers[0].weight.data.copy_(torch.arange(9.0).view(1, 1, 3, 3))
    >>> reconstruct(layers, torch.ones(1, 1, 3, 3), Unit("1", 0, (0, 0)))  # 36 times the kernel
    tensor([[[[  0.,  36.,  72.],
              [108., 144., 180.],
              [216., 252., 288.]]]])
    """
    if not isinstance(layers, nn.Sequential):
        raise TypeError(f"layers: got {type(layers).__name__}, expected an nn.Sequential")
    hand_back = RULES[choice("rule", rule, RULES)]
    names = [name for name, _ in layers.named_children()]
    until = names.index(choice("unit.layer", unit.layer, names)) + 1
    for name, layer in list(layers.named_children())[:until]:
        if not isinstance(layer, (*LINEAR, nn.ReLU)):
            raise TypeError(f"layers: got {type(layer).__name__} as {name!r}, which has no way back here")
    way = [layer for _, layer in layers.named_children()][:until]
    with evaluating(layers), torch.no_grad():
        inputs = [x]
        for layer in way:
            inputs.append(layer(inputs[-1]))
        g = _only(inputs.pop(), unit)
        for layer, given in zip(reversed(way), reversed(inputs), strict=True):
            g = hand_back(g, given) if isinstance(layer, nn.ReLU) else _transposed(layer, given, g)
    return g


def _only(y: torch.Tensor, unit: Unit) -> torch.Tensor:
    """All zeros but for the unit's value in each image."""
    values_of(y, unit)  # is there such a unit?
    kept = torch.zeros_like(y)
    if y.ndim == 2:
        kept[:, unit.channel] = y[:, unit.channel]
        return kept
    maps = y[:, unit.channel].flatten(1)  # (N, H W)
    if unit.position is None:
        place = maps.argmax(dim=1)
    else:
        place = torch.full((len(y),), unit.position[0] * y.shape[3] + unit.position[1])
    each = torch.arange(len(y))
    kept.flatten(2)[each, unit.channel, place] = maps[each, place]
    return kept


def _transposed(layer: nn.Module, given: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """The transposed matrix of a layer that is linear around what it was given, times g."""
    with torch.enable_grad():
        x = given.detach().requires_grad_()
        (back,) = torch.autograd.grad(layer(x), x, g)
    return back
