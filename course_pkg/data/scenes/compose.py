"""One scene: cut-outs pasted on a background, one after the other, and the truth about what can be seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_pkg._validate import describe, integer, number

VOID = 255  # the mask's value where it is not told what is there

TRIES = 20  # places that are tried for a cut-out before it is left out
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # weights of ITU-R BT.601


class Scene(NamedTuple):
    """An image, and what is to be seen in it: M objects, those further back first."""

    image: np.ndarray
    """Red, green and blue, 0 … 1, float32, (3, H, W)."""
    boxes: np.ndarray
    """(x0, y0, x1, y1) around the pixels of each object that are seen, in pixels, float32, (M, 4).

    x1 and y1 are the column and row behind the last pixel: width is x1 − x0.
    """
    labels: np.ndarray
    """Class of each object, 0 … C − 1, int64, (M,)."""
    mask: np.ndarray
    """Of each pixel 0 for background or 1 + the class; 255 where it does not count; uint8, (H, W)."""
    instances: np.ndarray
    """Of each pixel 0 for background or 1 + the number of the object, uint8, (H, W)."""
    visible: np.ndarray
    """Share of each object's pixels that are seen, neither outside nor behind others, float32, (M,)."""
    truncated: np.ndarray
    """Whether the edge of the image cuts the object off, bool, (M,)."""
    occluded: np.ndarray
    """Whether another object hides a part of it, bool, (M,)."""
    difficult: np.ndarray
    """Whether so little of it is seen that nobody need find it, as in PASCAL VOC, bool, (M,)."""


class CutOut(NamedTuple):
    """An object to paste."""

    alpha: np.ndarray
    """How much each pixel covers, 0 … 1, float32, (h, w); from 0.5 on it belongs to the object."""
    colour: np.ndarray | None
    """Red, green and blue of each pixel, 0 … 1, float32, (h, w, 3).

    None: one colour, which is chosen to stand out from what lies under the object.
    """
    label: int
    """Its class."""


@dataclass(frozen=True)
class Rules:
    """How scenes are composed.

    Raises
    ------
    TypeError, ValueError
        If a setting is of another type, or out of range.

    Examples
    --------
    >>> Rules(scale=(0.5, 1.5))
    Traceback (most recent call last):
    ...
    ValueError: scale: got (0.5, 1.5), expected least and greatest, at most 1
    """

    objects: tuple[int, int] = (1, 4)
    """Fewest and most objects that are pasted."""
    scale: tuple[float, float] = (0.3, 0.6)
    """Least and greatest longer side of an object, as a share of the shorter side of the image."""
    cut: float = 0.15
    """Greatest share of an object's height or width that may lie outside the image, 0 … 0.5."""
    least_visible: float = 0.7
    """Least share of an object's pixels that is seen, above 0; a place where less would be is not taken."""
    overlap: float = 1.0
    """Greatest share of the smaller of two objects' boxes that lies in the other's, 0 … 1."""
    difficult: float = 0.5
    """Objects of which a smaller share is seen are marked difficult."""
    contrast: float = 0.3
    """How much brighter or darker an object of one colour is than what lies under it, on average, 0 … 0.5."""
    void: int = 0
    """How far from an object's outline the mask has 255, in pixels; 0 if it has none."""

    def __post_init__(self) -> None:
        fewest, most = _pair("objects", self.objects)
        if integer("objects[0]", fewest, 0) > integer("objects[1]", most, 1) or most > 254:
            raise ValueError(f"objects: got {self.objects}, expected fewest and most, at most 254")
        least, greatest = (number("scale", side, positive=True) for side in _pair("scale", self.scale))
        if not least <= greatest <= 1:
            raise ValueError(f"scale: got {self.scale}, expected least and greatest, at most 1")
        greatest_values = {"cut": 0.5, "least_visible": 1, "overlap": 1, "difficult": 1, "contrast": 0.5}
        for name, limit in greatest_values.items():
            if not 0 <= number(name, getattr(self, name)) <= limit:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 0 to {limit}")
        number("least_visible", self.least_visible, positive=True)
        integer("void", self.void, minimum=0)


def compose(
    background: np.ndarray,
    draw: Callable[[np.random.Generator, float], CutOut],
    rules: Rules,
    rng: np.random.Generator,
) -> Scene:
    """Paste cut-outs at random places on a background, each on top of those before.

    A place is taken only if all objects keep `rules.least_visible` of their pixels; a cut-out for which no
    place is found is left out. So every object in the image is in the truth.

    Parameters
    ----------
    background
        Red, green and blue, 0 … 1, float32, (H, W, 3); it is painted over.
    draw
        Gives a cut-out, drawn with the generator that it gets, whose longer side is the second argument, in
        pixels, or less.
    rules
        How many, how large and how well seen.
    rng
        What all is drawn from.

    Returns
    -------
    Scene

    Raises
    ------
    ValueError
        If `background` is of another shape.

    Examples
    --------
    >>> def square(rng, side):
    ...     return CutOut(np.ones((int(side), int(side)), np.float32), None, label=2)
    >>> rules = Rules(objects=(1, 1), scale=(0.5, 0.5), cut=0)
    >>> scene = compose(np.zeros((32, 32, 3), np.float32), square, rules, np.random.default_rng(0))
    >>> scene.boxes.tolist(), scene.labels.tolist(), int((scene.mask == 3).sum())
    ([[4.0, 8.0, 20.0, 24.0]], [2], 256)
    """
    if background.ndim != 3 or background.shape[2] != 3:
        raise ValueError(f"background: got {describe(background)}, expected shape (H, W, 3)")
    instances = np.zeros(background.shape[:2], np.uint8)
    pasted: list[_Pasted] = []
    for _ in range(rng.integers(*rules.objects, endpoint=True)):
        side = rng.uniform(*rules.scale) * min(instances.shape)
        cut_out = draw(rng, side)
        solid = cut_out.alpha >= 0.5
        place = _place(solid, instances, pasted, rules, rng)
        if place is None:
            continue
        inside, part = place
        _paint(background[inside], cut_out, part, rules.contrast, rng)
        instances[inside][solid[part]] = len(pasted) + 1
        pasted.append(_Pasted(cut_out.label, int(solid.sum()), int(solid[part].sum()), inside))

    labels = np.array([one.label for one in pasted], np.int64)
    whole = np.array([one.pixels for one in pasted], np.int64)
    within = np.array([one.within for one in pasted], np.int64)
    seen = _counts(instances, len(pasted))
    visible = (seen / whole).astype(np.float32)
    mask = np.array([0, *(labels + 1)], np.uint8)[instances]
    if rules.void:
        mask[_outlines(instances, rules.void)] = VOID
    return Scene(
        image=np.ascontiguousarray(background.transpose(2, 0, 1)),
        boxes=_boxes(instances, len(pasted)),
        labels=labels,
        mask=mask,
        instances=instances,
        visible=visible,
        truncated=within < whole,
        occluded=seen < within,
        difficult=visible < rules.difficult,
    )


Window = tuple[slice, slice]  # rows and columns


class _Pasted(NamedTuple):
    label: int
    pixels: int  # of the whole object
    within: int  # of those, how many are inside the image
    window: Window  # where they are


def _place(
    solid: np.ndarray,
    instances: np.ndarray,
    pasted: list[_Pasted],
    rules: Rules,
    rng: np.random.Generator,
) -> tuple[Window, Window] | None:
    """Window in the image, and in the cut-out, where all stay well seen; None if none is found."""
    least = rules.least_visible * np.array([one.pixels for one in pasted])
    seen = _counts(instances, len(pasted))
    for _ in range(TRIES):
        spans = zip(solid.shape, instances.shape, strict=True)
        rows, columns = (_span(rng, length, side, rules.cut) for length, side in spans)
        inside, part = (rows[0], columns[0]), (rows[1], columns[1])
        here = solid[part]
        if not here.any() or here.sum() < rules.least_visible * solid.sum():
            continue
        if any(_overlap(inside, one.window) > rules.overlap for one in pasted):
            continue
        hidden = _counts(instances[inside][here], len(pasted))
        if (seen - hidden >= np.maximum(least, 1)).all():
            return inside, part
    return None


def _counts(instances: np.ndarray, m: int) -> np.ndarray:
    """How many of the pixels belong to objects 1 … m."""
    return np.bincount(instances.ravel(), minlength=m + 1)[1:]


def _overlap(a: Window, b: Window) -> float:
    """Share of the smaller window that lies in the other."""
    common = area_a = area_b = 1
    for one, other in zip(a, b, strict=True):
        common *= max(min(one.stop, other.stop) - max(one.start, other.start), 0)
        area_a *= one.stop - one.start
        area_b *= other.stop - other.start
    return common / min(area_a, area_b)


def _span(rng: np.random.Generator, length: int, whole: int, cut: float) -> tuple[slice, slice]:
    """Where `length` pixels lie along a side of `whole`, and which of them are inside."""
    outside = int(cut * length)
    low, high = -outside, whole - length + outside
    start = int(rng.integers(min(low, high), max(low, high), endpoint=True))
    first, last = max(start, 0), min(start + length, whole)
    return slice(first, last), slice(first - start, last - start)


def _paint(
    under: np.ndarray, cut_out: CutOut, part: Window, contrast: float, rng: np.random.Generator
) -> None:
    alpha = cut_out.alpha[part][..., None]  # (h, w, 1)
    if cut_out.colour is None:
        weight = alpha.sum()
        mean = (under * alpha).sum(axis=(0, 1)) / weight  # of the pixels that will be hidden
        colour = _contrasting(float(mean @ LUMINANCE), contrast, rng)
    else:
        colour = cut_out.colour[part]
    under += alpha * (colour - under)


def _contrasting(luminance: float, contrast: float, rng: np.random.Generator) -> np.ndarray:
    """A random colour that is brighter or darker by at least `contrast`."""
    darker, brighter = max(luminance - contrast, 0), max(1 - luminance - contrast, 0)
    drawn = rng.uniform(0, darker + brighter)
    target = drawn if drawn < darker else drawn - darker + luminance + contrast
    colour = rng.random(3, np.float32)
    now = float(colour @ LUMINANCE)
    if now > target:
        return colour * np.float32(target / now)
    return 1 - (1 - colour) * np.float32((1 - target) / (1 - now))


def _boxes(instances: np.ndarray, m: int) -> np.ndarray:
    boxes = np.zeros((m, 4), np.float32)
    for i in range(m):
        pixels = instances == i + 1
        columns, rows = np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))
        boxes[i] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes


def _outlines(instances: np.ndarray, width: int) -> np.ndarray:
    """The pixels that are at most `width` away, in rows and columns, from where two objects meet."""
    lowest = highest = np.pad(instances, width, mode="edge")
    for _ in range(2 * width):  # each step takes in one more row and one more column
        lowest = np.minimum(lowest[1:], lowest[:-1])
        lowest = np.minimum(lowest[:, 1:], lowest[:, :-1])
        highest = np.maximum(highest[1:], highest[:-1])
        highest = np.maximum(highest[:, 1:], highest[:, :-1])
    return lowest != highest


def _pair(name: str, value: object) -> tuple:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name}: got {describe(value)}, expected two numbers")
    return tuple(value)
