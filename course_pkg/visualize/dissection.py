"""Network dissection: does a unit find something that has a name?

Source: D. Bau, B. Zhou, A. Khosla, A. Oliva and A. Torralba, "Network dissection: quantifying
interpretability of deep visual representations" (2017), section 2.
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F

from course_pkg._validate import integer, number
from course_pkg.data.scenes import VOID


class Dissection(NamedTuple):
    """How well each of U units marks each of K concepts."""

    iou: torch.Tensor
    """Intersection over union of what the unit marks and what the concept covers, over all images, (U, K).

    0 where a concept is nowhere.
    """
    thresholds: torch.Tensor
    """Above which activity a unit marks a pixel, (U,)."""
    marked: torch.Tensor
    """Share of the pixels that count which the unit marks, (U,)."""
    covered: torch.Tensor
    """Share of the pixels that count which the concept covers, (K,)."""


def dissect(
    maps: torch.Tensor,
    concepts: torch.Tensor,
    *,
    quantile: float = 0.995,
    counts: torch.Tensor | None = None,
    start: float | None = None,
    jump: float | None = None,
) -> Dissection:
    """Compare what units mark in images with what labelled concepts cover.

    Each unit's maps are enlarged to the images' size; it marks the pixels where it is above its own
    threshold, a quantile of all its values.

    Parameters
    ----------
    maps
        What a layer gave, (N, U, h, w).
    concepts
        Where each concept is, bool, (N, K, H, W).
    quantile
        The share of its values that lies below a unit's threshold; the paper's is 0.995.
    counts
        Which pixels count, bool, (N, H, W); all if not given.
    start, jump
        As in `upsample`.

    Returns
    -------
    Dissection

    Raises
    ------
    TypeError
        If `concepts` or `counts` are not bool.
    ValueError
        If shapes do not fit, the quantile is not between 0 and 1, or no pixel counts.

    Notes
    -----
    Two sets of which one covers the share a and the other the share b of the pixels have an IoU of at most
    min(a, b) / max(a, b). So the quantile decides which concepts can be found at all.

    Examples
    --------
    >>> maps = torch.zeros(1, 1, 2, 2)
    >>> maps[0, 0, 0, 1] = 3.0
    >>> quarter = maps > 0
    >>> dissect(maps, torch.cat([quarter, ~quarter], dim=1), quantile=0.5).iou
    tensor([[1., 0.]])
    """
    n, _, height, width = _four("maps", maps)[:1] + _four("concepts", concepts)[1:]
    if concepts.dtype != torch.bool:
        raise TypeError(f"concepts: got dtype {concepts.dtype}, expected torch.bool")
    if len(concepts) != n:
        raise ValueError(f"concepts: got {len(concepts)} images, expected {n}, as many as maps")
    if not 0 < number("quantile", quantile) < 1:
        raise ValueError(f"quantile: got {quantile}, expected between 0 and 1")
    if counts is None:
        counts = torch.ones(n, height, width, dtype=torch.bool)
    if counts.dtype != torch.bool:
        raise TypeError(f"counts: got dtype {counts.dtype}, expected torch.bool")
    if counts.shape != (n, height, width) or not counts.any():
        raise ValueError(f"counts: got shape {tuple(counts.shape)}, expected {(n, height, width)}, some True")

    there = concepts.transpose(0, 1)[:, counts].to(torch.float32)  # (K, pixels that count)
    covered = there.mean(dim=1)
    rows, thresholds, marked = [], [], []
    for channel in maps.split(1, dim=1):  # one unit at a time: all of them enlarged are many numbers
        values = upsample(channel, (height, width), start=start, jump=jump)[:, 0][counts]
        threshold = values.kthvalue(max(round(quantile * len(values)), 1)).values
        found = (values > threshold).to(torch.float32)
        both, share = there @ found / len(values), found.mean()
        rows.append(both / (share + covered - both).clamp(min=1e-12))
        thresholds.append(threshold)
        marked.append(share)
    return Dissection(torch.stack(rows), torch.stack(thresholds), torch.stack(marked), covered)


def upsample(
    maps: torch.Tensor, size: tuple[int, int], *, start: float | None = None, jump: float | None = None
) -> torch.Tensor:
    """Enlarge maps to the image's size, each value at the centre of what its unit sees, linear in between.

    Parameters
    ----------
    maps
        (N, C, h, w).
    size
        H and W.
    start
        Centre of the first unit's receptive field, in pixels, 0 for the first pixel.
    jump
        Pixels from one unit to the next. If `start` and `jump` are not given, the units are spread evenly
        over the image, as images are resized. Beyond the outermost units their values continue.

    Returns
    -------
    torch.Tensor
        (N, C, H, W)

    Raises
    ------
    ValueError
        If only one of `start` and `jump` is given, or shapes do not fit.

    Examples
    --------
    >>> upsample(torch.tensor([[[[0.0, 4.0]]]]), (1, 6), start=1, jump=2)
    tensor([[[[0., 0., 2., 4., 4., 4.]]]])
    """
    _, _, *small = _four("maps", maps)
    if (start is None) != (jump is None):
        raise ValueError(f"start, jump: got {start} and {jump}, expected both or none")
    places = []
    for pixels, units in zip(size, small, strict=True):
        step = pixels / units if jump is None else number("jump", jump, positive=True)
        first = (step - 1) / 2 if start is None else number("start", start)
        at = (torch.arange(integer("size", pixels, minimum=1)) - first) / step  # in units
        places.append(2 * at / max(units - 1, 1) - 1)  # from -1, the first unit, to 1, the last
    rows, columns = torch.meshgrid(*places, indexing="ij")
    grid = torch.stack([columns, rows], dim=-1).to(maps).expand(len(maps), -1, -1, -1)
    return F.grid_sample(maps, grid, padding_mode="border", align_corners=True)


def concept_masks(masks: torch.Tensor, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The masks of scenes, one for each class, and which pixels count.

    Parameters
    ----------
    masks
        Of each pixel 0 for background, 1 + the class, or 255 where it does not count, (N, H, W), as
        `course_pkg.data.scenes` gives them.
    classes
        How many classes there are.

    Returns
    -------
    concepts : torch.Tensor
        Where each class is, bool, (N, classes, H, W).
    counts : torch.Tensor
        Which pixels count, bool, (N, H, W).

    Raises
    ------
    ValueError
        If `masks` is of another rank, or holds a class that does not exist.

    Examples
    --------
    >>> concepts, counts = concept_masks(torch.tensor([[[0, 1, 2, 255]]]), classes=2)
    >>> concepts.int().tolist(), counts.int().tolist()
    ([[[[0, 1, 0, 0]], [[0, 0, 1, 0]]]], [[[1, 1, 1, 0]]])
    """
    if masks.ndim != 3:
        raise ValueError(f"masks: got shape {tuple(masks.shape)}, expected (N, H, W)")
    counts = masks != VOID
    if counts.any() and int(masks[counts].max()) > classes:
        raise ValueError(f"masks: got the class {int(masks[counts].max()) - 1}, expected less than {classes}")
    return torch.stack([masks == 1 + c for c in range(classes)], dim=1), counts


def _four(name: str, x: torch.Tensor) -> tuple[int, ...]:
    if x.ndim != 4 or 0 in x.shape:
        raise ValueError(f"{name}: got shape {tuple(x.shape)}, expected four axes, none of length 0")
    return tuple(x.shape)
