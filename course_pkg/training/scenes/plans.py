"""What scenes will show, drawn before anything is painted: each from the generator of its own number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_pkg._validate import number
from course_pkg.data.scenes import Rules
from course_pkg.data.scenes.backgrounds import Backgrounds
from course_pkg.data.scenes.compose import TRIES
from course_pkg.training.scenes.atlas import Atlas, Photographs, level_for


@dataclass(frozen=True)
class Variation:
    """How much more the cut-outs vary than those of `Scenes`, which come as they are, mirrored at most.

    Raises
    ------
    TypeError, ValueError
        If a setting is of another type, or out of range.

    Examples
    --------
    >>> Variation(stretch=0.5)
    Traceback (most recent call last):
    ...
    ValueError: stretch: got 0.5, expected 1 or more
    """

    stretch: float = 1.0
    """Width is multiplied, and height divided, by up to this, or the other way round; 1 or more."""
    tint: float = 0.0
    """Red, green and blue of one are multiplied by 1 − tint … 1 + tint each, 0 … 1."""
    turns: tuple[float, ...] = (0.0,)
    """Angles, in degrees, by which they come turned, all as likely."""

    def __post_init__(self) -> None:
        if number("stretch", self.stretch) < 1:
            raise ValueError(f"stretch: got {self.stretch}, expected 1 or more")
        if not 0 <= number("tint", self.tint) <= 1:
            raise ValueError(f"tint: got {self.tint}, expected 0 to 1")
        if not self.turns:
            raise ValueError("turns: got none, expected at least one angle")
        for i, degrees in enumerate(self.turns):
            number(f"turns[{i}]", degrees)


class Plan(NamedTuple):
    """What N scenes are made of: up to M objects each, of which scene n has counts[n]."""

    counts: np.ndarray
    """Objects to paste, (N,)."""
    photographs: np.ndarray
    """Photograph and size of it to cut the background from, (N, 2)."""
    corners: np.ndarray
    """Row and column of the photograph's size where the middle of the first pixel lies, float32, (N, 2)."""
    steps: np.ndarray
    """Rows and columns of it to a pixel; columns may run backwards; float32, (N, 2)."""
    gains: np.ndarray
    """What the background's red, green and blue are multiplied by, float32, (N, 3)."""
    offsets: np.ndarray
    """What is added to them, float32, (N, 1)."""
    cut_outs: np.ndarray
    """Number of each object's cut-out in the atlas, (N, M)."""
    entries: np.ndarray
    """The size of it to sample from, a row of `Atlas.pixels`, (N, M)."""
    sources: np.ndarray
    """Height and width of that, (N, M, 2)."""
    sides: np.ndarray
    """Height and width in the scene, (N, M, 2)."""
    zooms: np.ndarray
    """Pixels of the scene to one of the cut-out as it came, float32, (N, M)."""
    mirrored: np.ndarray
    """Whether it is mirrored, bool, (N, M)."""
    tints: np.ndarray
    """What its red, green and blue are multiplied by, float32, (N, M, 3)."""
    colours: np.ndarray
    """Four numbers 0 … 1 to draw the colour from of one that has none, float32, (N, M, 4)."""
    starts: np.ndarray
    """Rows and columns of its top left corner to try, one after the other, (N, M, TRIES, 2)."""


_BACKGROUND, _OBJECT = 11, 13 + 2 * TRIES  # random numbers for each


def draw_plan(
    generators: Sequence[np.random.Generator],
    photographs: Photographs,
    backgrounds: Backgrounds,
    atlas: Atlas,
    rules: Rules,
    size: tuple[int, int],
    variation: Variation,
) -> Plan:
    """Draw what scenes will show, by the same rules as `course_pkg.data.scenes.compose`.

    Parameters
    ----------
    generators
        One a scene; all that is drawn for it is drawn from its own.
    photographs, backgrounds
        What backgrounds are cut from, and how large the parts are.
    atlas
        What is pasted.
    rules
        How many objects, how large, how far they may lie outside.
    size
        Height and width of the scenes.
    variation
        How much more the cut-outs vary.

    Returns
    -------
    Plan
    """
    most = rules.objects[1]
    drawn = np.stack([rng.random(_BACKGROUND + most * _OBJECT) for rng in generators])
    first, rest = drawn[:, :_BACKGROUND], drawn[:, _BACKGROUND:].reshape(len(drawn), most, _OBJECT)
    counts = _whole(first[:, 0], *rules.objects)
    return Plan(
        counts,
        *_backgrounds(first[:, 1:], photographs, backgrounds.field, size),
        *_objects(rest, atlas, rules, size, variation),
    )


def _backgrounds(
    u: np.ndarray, photographs: Photographs, field: tuple[float, float], size: tuple[int, int]
) -> tuple[np.ndarray, ...]:
    chosen = _whole(u[:, 0], 0, len(photographs.sizes) - 1)
    whole = photographs.sizes[chosen]  # (N, 2)
    zoom = np.minimum(_between(u[:, 1], *field) / min(size), (whole / size).min(axis=1))  # pixels to one
    part = np.minimum(zoom[:, None] * size, whole)
    start = u[:, 2:4] * (whole - part)
    level = level_for(zoom, len(photographs.pixels[0]))
    sizes = np.array([[picture.shape[2:] for picture in sizes] for sizes in photographs.pixels])
    shrink = sizes[chosen, level] / whole
    steps = part / size * shrink
    corners = start * shrink + steps / 2 - 0.5
    backwards = u[:, 4] < 0.5
    corners[:, 1] += np.where(backwards, steps[:, 1] * (size[1] - 1), 0)
    steps[:, 1] *= np.where(backwards, -1, 1)
    gains = _between(u[:, 5:6], 0.5, 1) * _between(u[:, 6:9], 0.7, 1)  # less contrast, and a tint
    offsets = u[:, 9:] * (1 - gains.max(axis=1, keepdims=True))
    return np.stack([chosen, level], axis=1), *map(_single, (corners, steps, gains, offsets))


def _objects(
    u: np.ndarray, atlas: Atlas, rules: Rules, size: tuple[int, int], variation: Variation
) -> tuple[np.ndarray, ...]:
    cut_outs = _any_class_as_likely(u[..., 0], u[..., 1], atlas.labels)
    came = atlas.sizes[cut_outs]  # (N, M, 2)
    longest = came.max(axis=-1)
    side = np.minimum(_between(u[..., 2], *rules.scale) * min(size), atlas.largest_zoom * longest)
    wider = variation.stretch ** _between(u[..., 3], -1, 1)
    shape = came * np.stack([1 / wider, wider], axis=-1)
    zooms = side / longest
    sides = np.maximum(np.rint(shape * (side / shape.max(axis=-1))[..., None]), 1).astype(np.int64)

    levels = atlas.levels[cut_outs]  # (N, M, V, 2)
    level = level_for(levels[..., 0, :].max(axis=-1) / sides.max(axis=-1), levels.shape[2])
    sources = np.take_along_axis(levels, level[..., None, None], axis=2)[..., 0, :]
    mirrored = (u[..., 4] < 0.5) & atlas.mirrored[cut_outs]
    tints = _between(u[..., 5:6], *atlas.brightness)
    tints = tints * _between(u[..., 6:9], 1 - variation.tint, 1 + variation.tint)

    outside = (rules.cut * sides).astype(np.int64)
    low, high = -outside, size - sides + outside
    low, high = np.minimum(low, high)[:, :, None], np.maximum(low, high)[:, :, None]
    starts = _whole(u[..., 13:].reshape(*u.shape[:2], TRIES, 2), low, high)
    entries = cut_outs * levels.shape[2] + level
    zooms, tints, colours = map(_single, (zooms, tints, u[..., 9:13]))
    return cut_outs, entries, sources, sides, zooms, mirrored, tints, colours, starts


def _any_class_as_likely(u: np.ndarray, v: np.ndarray, labels: np.ndarray) -> np.ndarray:
    _, first, count = np.unique(labels, return_index=True, return_counts=True)
    chosen = _whole(u, 0, len(first) - 1)
    return first[chosen] + _whole(v, 0, count[chosen] - 1)


def _between(u: np.ndarray, low: float, high: float) -> np.ndarray:
    return low + u * (high - low)


def _whole(u: np.ndarray, low: np.ndarray | int, high: np.ndarray | int) -> np.ndarray:
    """A whole number low … high, the ends among them, from a number 0 … 1 (which it never is)."""
    return (low + np.floor(u * (np.asarray(high) - low + 1))).astype(np.int64)


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)
