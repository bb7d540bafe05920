"""Figures of chapter 17: units against concepts, and a unit to choose with all that makes it active."""

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import has_shape, integer, positive_int, signal
from course_pkg.plots.figure import KERNEL, MUTED, TEXT, Figure, drawing
from course_pkg.plots.filters import MAPS
from course_pkg.plots.interactive import Interactive

Values = NDArray[np.float64]


def concept_table(iou: ArrayLike, units: Sequence[str], concepts: Sequence[str], *, alt: str) -> Figure:
    """Draw how well each unit marks each concept as a table of shades, the best of each unit written down.

    Parameters
    ----------
    iou : array_like, shape (units, concepts)
        Intersection over union, from 0 to 1.
    units, concepts : sequence of str
        What rows and columns are called.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError, ValueError
        If `iou` is not a table of numbers from 0 to 1 with a row a unit and a column a concept.

    Examples
    --------
    >>> concept_table([[0.1, 0.4]], ["C3, 0"], ["hole", "ink"], alt="One unit, which marks ink best.")
    Figure: One unit, which marks ink best.
    """
    table = signal("iou", iou, ndim=2)
    has_shape("iou", table, (len(units), len(concepts)), "a row for each unit, a column for each concept")
    if table.min() < 0 or table.max() > 1:
        raise ValueError(f"iou: got {table.min():g} to {table.max():g}, expected numbers from 0 to 1")
    limit = table.max() or 1
    with drawing(height=0.75 + 0.21 * len(units)) as (figure, [axes]):
        axes.imshow(table, cmap=MAPS["amount"], vmin=0, vmax=limit, aspect="auto", interpolation="nearest")
        for row, column in enumerate(table.argmax(axis=1)):
            value = table[row, column]
            colour = "#ffffff" if value > 0.55 * limit else "#17191c"  # the shades are those of no theme
            axes.text(
                column, row, f".{100 * value:02.0f}", ha="center", va="center", fontsize=8, color=colour
            )
        axes.set(xticks=range(len(concepts)), yticks=range(len(units)), yticklabels=units)
        axes.set_xticklabels(concepts, rotation=45, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return Figure(figure, alt)


class Portrait(NamedTuple):
    """A unit: what it likes, and what it answers to."""

    layer: str
    """Name of its layer."""
    channel: int
    """Its number in the layer."""
    maximum: ArrayLike
    """The image that was found for it, 0 to 1, (S, S)."""
    maximum_value: float
    """How active it is for that image."""
    digits: ArrayLike
    """The real images for which it is most active, 0 to 1, (D, S, S)."""
    values: ArrayLike
    """How active it is for each, (D,)."""
    drops: ArrayLike
    """How much less when a square is covered, for each image and place of the square, (D, M, M)."""


def unit_explorer(
    portraits: Sequence[Portrait], *, window: int, stride: int, unit: int, place: tuple[int, int]
) -> Interactive:
    """A unit to choose: the image it likes best, real images, and what covering does; live in JavaScript.

    Parameters
    ----------
    portraits : sequence of Portrait
        The units to choose from, those of a layer side by side.
    window : int
        Side of the square that covers, in pixels.
    stride : int
        Pixels from one place of the square to the next.
    unit : int
        Which portrait to begin with.
    place : (row, column)
        Which place of the square to begin with.

    Returns
    -------
    Interactive

    Raises
    ------
    TypeError, ValueError
        If there is no portrait, shapes do not fit each other or the square, or what to begin with is not
        among the choices.

    Examples
    --------
    >>> grey, drops = np.full((4, 4), 0.5), np.ones((1, 2, 2))
    >>> one = Portrait("C3", 0, grey, 2.0, grey[None], [1.5], drops)
    >>> unit_explorer([one], window=2, stride=2, unit=0, place=(0, 1)).settings["places"]
    2
    """
    if not portraits:
        raise ValueError("portraits: got none, expected at least one")
    size = signal("maximum", portraits[0].maximum, ndim=2).shape[0]
    places = (size - positive_int("window", window)) // positive_int("stride", stride) + 1
    if integer("unit", unit, minimum=0) >= len(portraits):
        raise ValueError(f"unit: got {unit}, expected 0 to {len(portraits) - 1}")
    if not all(0 <= integer("place", at) < places for at in place):
        raise ValueError(f"place: got {place}, expected row and column of 0 to {places - 1}")
    shown: dict[str, int] = {}  # each image is stored once
    units = [_coded(one, size, places, shown) for one in portraits]
    settings = {
        "size": size,
        "window": window,
        "stride": stride,
        "places": places,
        "units": units,
        "images": list(shown),
        "unit": unit,
        "top": 0,
        "row": place[0],
        "column": place[1],
    }
    return Interactive("unit_explorer", settings, _still(portraits[unit], window, stride, place))


def _coded(one: Portrait, size: int, places: int, shown: dict[str, int]) -> dict[str, Any]:
    """A portrait as plain data; `shown` gets the images that it does not have yet."""
    digits, values = signal("digits", one.digits, ndim=3), signal("values", one.values, ndim=1)
    drops = signal("drops", one.drops, ndim=3)
    has_shape("maximum", signal("maximum", one.maximum, ndim=2), (size, size), "that of the others")
    has_shape("digits", digits, (len(values), size, size), "an image for each value")
    has_shape("drops", drops, (len(values), places, places), "a number for each place of the square")
    unit_of_drops = float(abs(drops).max() / 127) or 1.0
    return {
        "layer": one.layer,
        "channel": one.channel,
        "maximum": _bytes(one.maximum),
        "maximumValue": round(float(one.maximum_value), 3),
        "images": [shown.setdefault(_bytes(digit), len(shown)) for digit in digits],
        "values": [round(float(value), 3) for value in values],
        "drop": unit_of_drops,
        "drops": [_base64(np.round(each / unit_of_drops).astype(np.int8)) for each in drops],
    }


def _bytes(image: ArrayLike) -> str:
    return _base64(np.round(255 * np.clip(np.asarray(image, float), 0, 1)).astype(np.uint8))


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _still(one: Portrait, window: int, stride: int, place: tuple[int, int]) -> Figure:
    """What the unit likes, the real image it likes best, and what covering that does."""
    digit, drops = np.asarray(one.digits, float)[0], np.asarray(one.drops, float)[0]
    value, drop = float(np.asarray(one.values)[0]), float(drops[place])
    row, column = (stride * at for at in place)
    limit = abs(drops).max() or 1
    with drawing(1, 3, height=2.15) as (figure, grid):
        for axes, image, title in zip(
            grid,
            (np.asarray(one.maximum, float), digit),
            (f"found: {one.maximum_value:.2f}", f"a real digit: {value:.2f}"),
            strict=False,
        ):
            axes.imshow(image, cmap=MAPS["grey"], vmin=0, vmax=1, interpolation="nearest")
            axes.set_title(title)
        edge: dict[str, Any] = {"fill": False, "linewidth": 1.6, "edgecolor": KERNEL}
        grid[1].add_patch(Rectangle((column - 0.5, row - 0.5), window, window, **edge))
        grid[2].imshow(drops, cmap=MAPS["signed"], vmin=-limit, vmax=limit, interpolation="nearest")
        grid[2].add_patch(Rectangle((place[1] - 0.5, place[0] - 0.5), 1, 1, **(edge | {"edgecolor": TEXT})))
        grid[2].set_title("what covering costs")
        for axes in grid:
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color=MUTED)
    alt = (
        f"Unit {one.channel} of {one.layer}. An image found by climbing from noise; "
        f"the digit of the test set for which it gives most, {value:.2f}; and how "
        f"much that falls when a square is covered, blue where it falls: by {drop:.2f} for the square drawn."
    )
    return Figure(figure, alt)
