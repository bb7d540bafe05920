"""Figures of the AlexNet chapter: squares on a photograph, guesses, and the explorer."""

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import describe, integer, integers, positive_int, real_array, signal
from course_pkg.plots.figure import OUTPUT, SECOND, WIDTH, Figure, drawing
from course_pkg.plots.interactive import Interactive

Values = NDArray[np.float64]
Square = tuple[int, int, int]  # top, left, side, in pixels; parts of it may lie outside the photograph


class Stage(NamedTuple):
    """A layer of the explorer, with what a reader may ask of it."""

    name: str
    """Such as "conv1"."""
    about: str
    """What the layer does, in a few words."""
    shape: tuple[int, ...]
    """Of its output for one image: (C, H, W) or (units,)."""
    parameters: tuple[int, int]
    """Weights and biases, with one tower and with two."""
    macs: tuple[int, int]
    """Multiply-adds, with one tower and with two."""
    field: tuple[int, int, int] | None
    """Receptive field: pixels along a side, pixels from unit to unit, and where that of the first unit
    begins, below 0 for one that begins in the padding; None where a unit sees the whole image."""


def squares(image: ArrayLike, parts: Mapping[str, Square], *, alt: str) -> Figure:
    """Draw a colour image and squares on it, each with its name above it.

    Parameters
    ----------
    image : array_like, shape (3, H, W)
        Red, green and blue, from 0 to 1.
    parts : mapping of name to (top, left, side)
        The squares, in pixels; they may reach past the image.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If the image is not of shape (3, H, W), there are no squares, or one has no pixels.

    Examples
    --------
    >>> squares(np.full((3, 8, 8), 0.5), {"a unit": (2, 2, 4)}, alt="A square in the middle of grey.")
    Figure: A square in the middle of grey.
    """
    pixels = _colours("image", image)
    if not parts:
        raise ValueError("parts: got none, expected at least one square")
    places = {name: integers(f"parts[{name!r}]", part, rank=3) for name, part in parts.items()}
    for name, (_, _, side) in places.items():
        positive_int(f"the side of parts[{name!r}]", side)
    _, rows, columns = pixels.shape
    low = [min(0, *(place[axis] for place in places.values())) for axis in (0, 1)]
    high = [max(n, *(p[axis] + p[2] for p in places.values())) for axis, n in ((0, rows), (1, columns))]
    room = 0.05 * max(rows, columns)
    halo = [withStroke(linewidth=3, foreground="white")]  # on an image: the same in both themes
    with drawing(height=4.4 * (high[0] - low[0]) / (high[1] - low[1])) as (figure, [axes]):
        axes.imshow(pixels.transpose(1, 2, 0), extent=(0, columns, rows, 0), interpolation="none")
        for name, (top, left, side) in places.items():
            for width, colour in ((3.6, "white"), (1.6, "black")):
                frame = Rectangle((left, top), side, side, fill=False, edgecolor=colour, linewidth=width)
                axes.add_patch(frame)
            axes.text(left, top - 2, name, va="bottom", color="black", fontsize=9.5, path_effects=halo)
        axes.set(xlim=(low[1], high[1]), ylim=(high[0], low[0] - room), aspect="equal")
        axes.axis("off")
    return Figure(figure, alt)


def guesses(
    images: ArrayLike,
    truths: Sequence[str],
    scores: ArrayLike,
    classes: Sequence[str],
    *,
    k: int = 5,
    columns: int = 4,
    alt: str,
) -> Figure:
    """Draw images with their true class, and below each the k classes that a network finds most likely.

    The bar of the true class is green, those of others mauve with stripes.

    Parameters
    ----------
    images : array_like, shape (N, 3, H, W)
        From 0 to 1.
    truths : sequence of str
        N classes.
    scores : array_like, shape (N, classes)
        Probabilities.
    classes : sequence of str
        The names of the classes.
    k : int
        How many guesses are drawn.
    columns : int
        Images in a row.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, probabilities are not from 0 to 1, or `k` exceeds the number of classes.

    Examples
    --------
    >>> guesses(np.full((1, 3, 4, 4), 0.5), ["cat"], [[0.7, 0.3]], ["cat", "dog"], k=2,
    ...         alt="A grey square, taken for a cat.")
    Figure: A grey square, taken for a cat.
    """
    pixels = real_array("images", np.asarray(images), ndim=4)
    likely = signal("scores", np.asarray(scores), ndim=2)
    if likely.shape != (len(pixels), len(classes)) or len(truths) != len(pixels):
        raise ValueError(
            f"images, truths, scores, classes: got {len(pixels)}, {len(truths)}, shape {likely.shape} and "
            f"{len(classes)}, expected N, N, (N, classes) and classes"
        )
    if likely.min() < 0 or likely.max() > 1:
        raise ValueError(f"scores: got {likely.min()} to {likely.max()}, expected probabilities from 0 to 1")
    if positive_int("k", k) > len(classes):
        raise ValueError(f"k: got {k}, expected at most {len(classes)}, the number of classes")
    down = -(-len(pixels) // positive_int("columns", columns))
    inch, bars = WIDTH / columns, 0.2 * k + 0.1
    with drawing(2 * down, columns, height=down * (inch + bars + 0.2), height_ratios=[inch, bars] * down) as (
        figure,
        grid,
    ):
        for axes in grid:
            axes.axis("off")
        for i, (image, truth, row) in enumerate(zip(pixels, truths, likely, strict=True)):
            above = grid[2 * columns * (i // columns) + i % columns]
            above.imshow(_colours(f"images[{i}]", image).transpose(1, 2, 0), interpolation="nearest")
            above.set_title(truth, pad=3)
            _bars(grid[2 * columns * (i // columns) + columns + i % columns], row, truth, classes, k)
    return Figure(figure, alt)


def _bars(axes: Axes, row: Values, truth: str, classes: Sequence[str], k: int) -> None:
    for place, best in enumerate(np.argsort(-row, kind="stable")[:k]):
        right = classes[best] == truth
        colour, hatch = (OUTPUT, "") if right else (SECOND, "///")
        axes.barh(place, row[best], height=0.8, color=(colour, 0.55), hatch=hatch)
        axes.text(0.03, place, classes[best], va="center", fontsize=9)
    axes.set(xlim=(0, 1), ylim=(k - 0.5, -0.5))


def alexnet_explorer(
    image: ArrayLike, stages: Sequence[Stage], *, start: int = 0, towers: int = 1, still: Figure
) -> Interactive:
    """AlexNet layer by layer, each with what a unit of it sees; live in `figures/alexnet_explorer.js`.

    Parameters
    ----------
    image : array_like of uint8, shape (3, H, H)
        The image that the units look at, 0 to 255.
    stages : sequence of Stage
        The layers, in order.
    start : int
        The layer to begin with.
    towers : int
        The network to begin with, 1 or 2.
    still : Figure
        What is shown where JavaScript does not run.

    Raises
    ------
    TypeError
        If the image is not of uint8 or the stages are something else.
    ValueError
        If the image is not square or has not three channels, there are no stages, or `start` or `towers` is
        not among the choices.

    Examples
    --------
    >>> grey = np.full((3, 8, 8), 128, dtype=np.uint8)
    >>> stage = Stage("conv1", "4×4 kernels, stride 4", (2, 2, 2), (98, 98), (384, 384), (4, 4, 0))
    >>> picture = squares(grey / 255, {"conv1": (0, 0, 4)}, alt="A unit sees a quarter of it.")
    >>> alexnet_explorer(grey, [stage], still=picture).settings["size"]
    8
    """
    pixels = real_array("image", np.asarray(image), ndim=3)
    if pixels.dtype != np.uint8:
        raise TypeError(f"image: got {describe(pixels)}, expected uint8")
    if len(pixels) != 3 or pixels.shape[1] != pixels.shape[2]:
        raise ValueError(f"image: got {describe(pixels)}, expected a square, shape (3, H, H)")
    if not stages or not all(isinstance(stage, Stage) for stage in stages):
        error = TypeError if stages else ValueError
        raise error(f"stages: got {describe(stages)}, expected at least one Stage")
    if not 0 <= integer("start", start) < len(stages):
        raise ValueError(f"start: got {start}, expected 0 to {len(stages) - 1}")
    if integer("towers", towers) not in (1, 2):
        raise ValueError(f"towers: got {towers}, expected 1 or 2")
    encoded = base64.b64encode(pixels.transpose(1, 2, 0).tobytes()).decode()  # row by row: R G B R G B …
    settings = {"image": encoded, "size": pixels.shape[1], "stages": [stage._asdict() for stage in stages]}
    settings |= {"layer": start, "towers": towers, "across": 50, "down": 50}
    return Interactive("alexnet_explorer", settings, still)


def _colours(name: str, image: ArrayLike) -> Values:
    pixels = signal(name, np.asarray(image), ndim=3)
    if len(pixels) != 3:
        raise ValueError(f"{name}: got {describe(pixels)}, expected shape (3, H, W)")
    return np.clip(pixels, 0, 1)
