"""Painting many scenes at a time: layer after layer, objects get their sizes, places and colours.

What each scene is to show was drawn before, see `plans`. Nothing here waits for the device.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from course_pkg.data.scenes import Rules
from course_pkg.data.scenes.compose import LUMINANCE
from course_pkg.training.scenes.atlas import Atlas, Photographs, look_up, sample
from course_pkg.training.scenes.plans import Plan

_LATTICE = 32  # points along each side by which places are compared
_DOUBT = 0.02  # share of an object's pixels by which counting on the lattice may be wrong, or rarely more
_SOLID = 0.5 - 1e-4  # alpha from which on a pixel belongs to its object; a half does, however it is rounded


class Painted(NamedTuple):
    """N scenes, and for each of M objects how much there is of it; of those that found no place nothing."""

    images: torch.Tensor
    """Red, green and blue, 0 … 1, float32, (N, 3, H, W)."""
    instances: torch.Tensor
    """Of each pixel 0 for background or 1 + the number of the object, uint8, (N, H, W)."""
    whole: torch.Tensor
    """Pixels of each object, int64, (N, M)."""
    within: torch.Tensor
    """Those inside the image."""
    seen: torch.Tensor
    """Those not hidden by others either."""


@dataclass(frozen=True)
class _Canvas:
    """What is painted so far, within a margin into which objects may reach."""

    images: torch.Tensor  # (N, 3, rows, columns)
    instances: torch.Tensor  # (N, rows, columns), uint8
    whole: torch.Tensor  # pixels of each object, (N, M), int64; 0: none is there
    within: torch.Tensor  # those inside the image
    seen: torch.Tensor  # those not hidden either
    frames: torch.Tensor  # (y0, x0, y1, x1) of the part of each object's frame inside the image, (N, M, 4)
    margin: int
    size: tuple[int, int]

    def places(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Where pixels (…, h, w) of the image lie in a flat row of all, from rows (…, h), columns (…, w)."""
        rows, columns = rows + self.margin, columns + self.margin
        return rows[..., :, None] * self.instances.shape[2] + columns[..., None, :]

    def inside(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Which of them are inside the image, bool, (…, h, w)."""
        good_rows, good_columns = (
            (line >= 0) & (line < length) for line, length in zip((rows, columns), self.size, strict=True)
        )
        return good_rows[..., :, None] & good_columns[..., None, :]


class _Layer(NamedTuple):
    """One object of each of the first n scenes."""

    number: int
    colour: torch.Tensor | None  # red, green and blue times alpha, (n, 3, window, window)
    alpha: torch.Tensor  # (n, window, window)
    sides: torch.Tensor  # (n, 2)
    starts: torch.Tensor  # (n, TRIES, 2)
    draws: torch.Tensor  # four numbers 0 … 1, (n, 4)


def paint(plan: Plan, photographs: Photographs, atlas: Atlas, rules: Rules, size: tuple[int, int]) -> Painted:
    """Paint what was planned, on the device where the atlas lies.

    A place is taken only if all objects keep `rules.least_visible` of their pixels, as in
    `course_pkg.data.scenes.compose`; an object for which none is found is left out.

    Parameters
    ----------
    plan
        What each scene is made of.
    photographs, atlas
        What it was planned with.
    rules
        How well objects must be seen.
    size
        Height and width of the scenes.

    Returns
    -------
    Painted
    """
    device = atlas.pixels.device
    order = np.argsort(-plan.counts, kind="stable")  # so that those with an object more are always the first
    plan = Plan(*(values[order] for values in plan))
    n, most, margin = len(order), plan.sides.shape[1], math.ceil(rules.cut * atlas.window)
    height, width = size
    board = margin + height + atlas.window, margin + width + atlas.window
    canvas = _Canvas(
        images=torch.zeros(n, 3, *board, device=device),
        instances=torch.zeros(n, *board, device=device, dtype=torch.uint8),
        whole=torch.zeros(n, most, device=device, dtype=torch.int64),
        within=torch.zeros(n, most, device=device, dtype=torch.int64),
        seen=torch.zeros(n, most, device=device, dtype=torch.int64),
        frames=torch.zeros(n, most, 4, device=device, dtype=torch.int64),
        margin=margin,
        size=size,
    )
    rows, columns = slice(margin, margin + height), slice(margin, margin + width)
    canvas.images[:, :, rows, columns] = _backgrounds(plan, photographs, size, device)
    for number in range(plan.counts.max(initial=0)):
        layer = _layer(plan, atlas, number, int((plan.counts > number).sum()))
        start, found = _first_good_place(layer, canvas, rules)
        _paste(layer, start, found, canvas, rules)
    back = bring(np.argsort(order), device)
    return Painted(
        canvas.images[:, :, rows, columns][back],
        canvas.instances[:, rows, columns][back],
        canvas.whole[back],
        canvas.within[back],
        canvas.seen[back],
    )


def bring(values: np.ndarray, device: torch.device) -> torch.Tensor:
    """An array on a device, without waiting for what the device is doing.

    Examples
    --------
    >>> bring(np.arange(3), torch.device("cpu"))
    tensor([0, 1, 2])
    """
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _backgrounds(
    plan: Plan, photographs: Photographs, size: tuple[int, int], device: torch.device
) -> torch.Tensor:
    corners, steps, gains, offsets = (
        bring(values, device) for values in (plan.corners, plan.steps, plan.gains, plan.offsets)
    )
    pictures = [photographs.pixels[photo][level] for photo, level in plan.photographs]
    last = bring(np.array([picture.shape[2:] for picture in pictures], np.float32) - 1, device)
    y, x = (
        (corners[:, axis, None] + steps[:, axis, None] * torch.arange(side, device=device))
        .clamp(min=0)
        .minimum(last[:, axis, None])
        * (2 / last[:, axis, None])
        - 1
        for axis, side in enumerate(size)
    )
    parts = [look_up(picture, y[i : i + 1], x[i : i + 1], "bilinear") for i, picture in enumerate(pictures)]
    return torch.cat(parts) * gains[:, :, None, None] + offsets[:, :, None, None]


def _layer(plan: Plan, atlas: Atlas, number: int, n: int) -> _Layer:
    """The object of this number of the first n scenes, in its size."""
    device = atlas.pixels.device
    entries, sources, sides, zooms, mirrored, tints, draws, starts = (
        bring(values[:n, number].copy(), device)
        for values in (
            plan.entries, plan.sources, plan.sides, plan.zooms, plan.mirrored, plan.tints, plan.colours,
            plan.starts,
        )
    )  # fmt: skip
    reach = torch.arange(atlas.window, device=device)
    lines, good = [], []
    for axis in range(2):
        source, side = sources[:, axis, None], sides[:, axis, None]
        line = ((reach + 0.5) * (source / side) - 0.5).clamp(min=0).minimum(source - 1)
        lines.append(line if axis == 0 else torch.where(mirrored[:, None], source - 1 - line, line))
        good.append(reach < side)
    pixels = atlas.pixels[entries].float() / 255
    pixels = sample(pixels, lines[0], lines[1], "bilinear" if atlas.coloured else "bicubic")
    pixels = pixels * (good[0][:, None, :, None] & good[1][:, None, None, :])
    alpha = pixels[:, -1]
    if atlas.coloured:
        colour = (pixels[:, :3] * tints[:, :, None, None]).minimum(alpha[:, None])
        return _Layer(number, colour, alpha, sides, starts, draws)
    # magnified, the ink's soft edge gets wide: make it about a pixel again
    alpha = ((alpha - 0.5) * zooms.clamp(min=1)[:, None, None] + 0.5).clamp(0, 1)
    alpha = alpha * (good[0][:, :, None] & good[1][:, None, :])
    return _Layer(number, None, alpha, sides, starts, draws)


def _first_good_place(layer: _Layer, canvas: _Canvas, rules: Rules) -> tuple[torch.Tensor, torch.Tensor]:
    """The first of the places to try where all seem well seen, (n, 2), and whether there is one, (n,).

    Pixels are counted on a lattice of them, with some reserve; `_paste` counts all.
    """
    n = len(layer.starts)
    step = -(-layer.alpha.shape[-1] // _LATTICE)
    reach = torch.arange(0, layer.alpha.shape[-1], step, device=layer.alpha.device)
    rows, columns = (layer.starts[..., axis, None] + reach for axis in range(2))  # (n, tries, l)
    places = canvas.places(rows, columns)  # (n, tries, l, l)
    under = canvas.instances[:n].flatten(1).gather(1, places.flatten(1)).view(places.shape)
    solid = layer.alpha[:, None, ::step, ::step] >= _SOLID
    here = solid & canvas.inside(rows, columns)
    count = here.sum(dim=(2, 3))  # (n, tries)
    doubt = _DOUBT if step > 1 else 0.0
    whole = solid.sum(dim=(2, 3))
    good = (count > 0) & (count >= min(rules.least_visible + doubt, 1.0) * whole)
    frames = _inside_frames(layer.starts, layer.sides[:, None], canvas.size)  # (n, tries, 4)
    for other in range(layer.number):
        needed = _needed(canvas, other, n, rules)
        hidden = (here & (under == other + 1)).sum(dim=(2, 3)) * step**2
        reserve = doubt * canvas.whole[:n, other, None] * (hidden > 0)
        good &= canvas.seen[:n, other, None] - hidden >= needed[:, None] + reserve
        there = canvas.whole[:n, other, None] > 0
        good &= ~there | (_overlap(frames, canvas.frames[:n, None, other]) <= rules.overlap)
    first = good.to(torch.uint8).argmax(dim=1)
    return layer.starts[torch.arange(n, device=first.device), first], good.any(dim=1)


def _paste(layer: _Layer, start: torch.Tensor, found: torch.Tensor, canvas: _Canvas, rules: Rules) -> None:
    """Paint the objects for which a place was found, if there all keep as many pixels as they must."""
    n, number = len(start), layer.number
    reach = torch.arange(layer.alpha.shape[-1], device=start.device)
    rows, columns = start[:, :1] + reach, start[:, 1:] + reach
    places, inside = canvas.places(rows, columns).flatten(1), canvas.inside(rows, columns)
    instances = canvas.instances[:n].flatten(1)
    under = instances.gather(1, places).view(inside.shape)
    solid = layer.alpha >= _SOLID
    new = solid & inside
    whole, within = solid.sum(dim=(1, 2)), new.sum(dim=(1, 2))
    taken = found & (within > 0) & (within >= rules.least_visible * whole)
    left = []
    for other in range(number):
        left.append(canvas.seen[:n, other] - (new & (under == other + 1)).sum(dim=(1, 2)))
        taken &= left[-1] >= _needed(canvas, other, n, rules)
    for other in range(number):
        canvas.seen[:n, other] = torch.where(taken, left[other], canvas.seen[:n, other])
    canvas.whole[:n, number], canvas.within[:n, number] = whole * taken, within * taken
    canvas.seen[:n, number] = within * taken
    canvas.frames[:n, number] = _inside_frames(start, layer.sides, canvas.size)

    shown = solid & taken[:, None, None]
    instances.scatter_(1, places, torch.where(shown, number + 1, under).to(torch.uint8).flatten(1))
    alpha = (layer.alpha * taken[:, None, None])[:, None]
    images, everywhere = canvas.images[:n].flatten(2), places[:, None].expand(n, 3, -1)
    pixels = images.gather(2, everywhere).view(n, 3, *inside.shape[1:])
    if layer.colour is None:
        colour = alpha * _contrasting(pixels, layer.alpha * inside, rules.contrast, layer.draws)
    else:
        colour = layer.colour * taken[:, None, None, None]
    images.scatter_(2, everywhere, (pixels * (1 - alpha) + colour).flatten(2))


def _needed(canvas: _Canvas, other: int, n: int, rules: Rules) -> torch.Tensor:
    """How many pixels of an object must be seen; 0 where it was left out."""
    whole = canvas.whole[:n, other]
    return (rules.least_visible * whole).clamp(min=1) * (whole > 0)


def _inside_frames(start: torch.Tensor, sides: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    behind = start + sides
    last = [behind[..., axis].clamp(max=length) for axis, length in enumerate(size)]
    return torch.cat([start.clamp(min=0), torch.stack(last, dim=-1)], dim=-1)


def _overlap(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Share of the smaller frame that lies in the other."""
    common = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    areas = [(frame[..., 2:] - frame[..., :2]).clamp(min=0).prod(dim=-1) for frame in (a, b)]
    return common.prod(dim=-1) / torch.minimum(*areas).clamp(min=1)


def _contrasting(
    under: torch.Tensor, alpha: torch.Tensor, contrast: float, draws: torch.Tensor
) -> torch.Tensor:
    """A colour for each object, (n, 3, 1, 1), brighter or darker by `contrast` than what it hides."""
    mean = (under * alpha[:, None]).sum(dim=(2, 3)) / alpha.sum(dim=(1, 2)).clamp(min=1e-6)[:, None]
    luminance = _luminance(mean)
    darker, brighter = (luminance - contrast).clamp(min=0), (1 - luminance - contrast).clamp(min=0)
    drawn = draws[:, 0] * (darker + brighter)
    target = torch.where(drawn < darker, drawn, drawn - darker + luminance + contrast)
    colour = draws[:, 1:]
    now = _luminance(colour)
    dark, bright = colour * (target / now)[:, None], 1 - (1 - colour) * ((1 - target) / (1 - now))[:, None]
    return torch.where((now > target)[:, None], dark, bright)[:, :, None, None]


def _luminance(colours: torch.Tensor) -> torch.Tensor:
    """Of red, green and blue along the last axis."""
    red, green, blue, weights = *colours.unbind(dim=-1), LUMINANCE.tolist()
    return weights[0] * red + weights[1] * green + weights[2] * blue
