"""What of an image is left in a layer: the image that is looked for from the layer's values alone.

Source: A. Mahendran and A. Vedaldi, "Understanding deep image representations by inverting them" (2015).
"""

from typing import NamedTuple

import torch
from torch import nn

from course_pkg._validate import number, positive_int
from course_pkg.visualize.maximise import total_variation, within
from course_pkg.visualize.units import run_recording


class Inversion(NamedTuple):
    """Images found from what a layer gave."""

    images: torch.Tensor
    """(N, C, H, W)."""
    errors: torch.Tensor
    """How far the layer's values for them are from what was wanted, ‖Φ(x) − Φ₀‖ / ‖Φ₀‖, (N,)."""


def invert(
    model: nn.Module,
    layer: str,
    x: torch.Tensor,
    *,
    variation: float = 0.0,
    steps: int = 200,
    learning_rate: float = 0.05,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    noise: float = 0.1,
    seed: int = 0,
) -> Inversion:
    """Look for images that give the same values in a layer as some images did, from noise.

    The images themselves are used for the layer's values only. Each step goes, by Adam, down the gradient of
    ‖Φ(x) − Φ₀‖² / ‖Φ₀‖² + variation · the total variation of x.

    Parameters
    ----------
    model
        A network, run in evaluation mode.
    layer
        Name of the layer whose values Φ are to be met.
    x
        The images, (N, C, H, W); what is found is of the same shape.
    variation
        What differences between neighbours cost, the image prior.
    steps, learning_rate, bounds, noise, seed
        As in `maximise`.

    Returns
    -------
    Inversion

    Raises
    ------
    TypeError, ValueError
        If there is no such layer, it gives only zeros for an image, or a setting is out of range.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1))
    >>> x = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    >>> found = invert(net, "0", x, steps=400)
    >>> bool((found.images - x).abs().max() < 0.02)  # four maps for one: nothing is lost
    True
    """
    if number("variation", variation) < 0:
        raise ValueError(f"variation: got {variation}, expected 0 or more")
    with torch.no_grad():
        wanted = run_recording(model, x, [layer])[1][layer].flatten(1)
        size = wanted.square().sum(dim=1)
    if not size.all():
        raise ValueError(f"layer: got {layer!r}, which gives only zeros for an image: nothing to go by")

    def errors(y: torch.Tensor) -> torch.Tensor:
        return (run_recording(model, y, [layer])[1][layer].flatten(1) - wanted).square().sum(dim=1) / size

    random = torch.Generator().manual_seed(seed)
    middle = 0.0 if bounds is None else sum(bounds) / 2
    found = within(middle + noise * torch.randn(x.shape, generator=random), bounds).requires_grad_()
    adam = torch.optim.Adam([found], lr=number("learning_rate", learning_rate, positive=True))
    for _ in range(positive_int("steps", steps)):
        cost = errors(found).sum() + variation * total_variation(found).sum()
        (found.grad,) = torch.autograd.grad(cost, found)
        adam.step()
        found.data = within(found.data, bounds)
    with torch.no_grad():
        return Inversion(found.detach(), errors(found).sqrt())
