"""Figures of layers that see colour and depth: volumes as boxes, activation maps, channel by channel sums."""

from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, describe, integers, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, OUTPUT, TEXT, Figure, drawing
from course_pkg.plots.filters import MAPS, Picture

Role = Literal["input", "output"]
_COLOURS = {"input": INPUT, "output": OUTPUT}
_LEAN = 0.6  # how far the depth axis goes to the right for each unit of depth, and up


class Volume(NamedTuple):
    """A volume to draw: title, shape (C, H, W), role, and a part (top, left, height, width) to point out."""

    title: str
    shape: tuple[int, int, int]
    role: Role
    part: tuple[int, int, int, int] | None = None


def boxes(*volumes: Volume, columns: int = 2, alt: str) -> Figure:
    """Draw volumes as boxes: height and width on the front, channels going back.

    Drawn lengths grow as the square root of the sizes, so that 3 channels and 96 fit into one picture.

    Parameters
    ----------
    *volumes : Volume
        The volumes, in the order of the layers. A `part` runs through the full depth of its volume.
    columns : int
        Volumes in a row.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If something else than volumes comes.
    ValueError
        If there is none, a size is less than 1, a role is unknown, or a part reaches out of its volume.

    Examples
    --------
    >>> boxes(Volume("input", (3, 32, 32), "input"), alt="An input of three channels, 32 by 32.")
    Figure: An input of three channels, 32 by 32.
    """
    if not volumes or not all(isinstance(volume, Volume) for volume in volumes):
        error = TypeError if volumes else ValueError
        raise error(f"volumes: got {describe(volumes)}, expected at least one Volume")
    across = max(volume.shape[2] ** 0.5 + _LEAN * volume.shape[0] ** 0.5 for volume in volumes)
    up = max(volume.shape[1] ** 0.5 + _LEAN * volume.shape[0] ** 0.5 for volume in volumes)
    rows = -(-len(volumes) // positive_int("columns", columns))
    inch = 5.0 / columns / (1.25 * across)  # per unit: room for the labels, right of the narrow ones
    height = rows * (inch * up + 0.65)
    with drawing(rows, columns, height=height) as (figure, grid):
        for axes, volume in zip(grid, volumes, strict=False):
            _box(axes, volume)
        for axes in grid:
            axes.set(xlim=(-0.1, 1.25 * across), ylim=(-0.3 / inch, up + 0.1), aspect="equal")
            axes.axis("off")
    return Figure(figure, alt)


def _box(axes: Axes, volume: Volume) -> None:
    depth, height, width = integers("shape", volume.shape, rank=3, minimum=1)
    colour = _COLOURS[choice("role", volume.role, _COLOURS)]
    unit = np.array([height**-0.5, width**-0.5])  # drawn height and width of one pixel of this volume
    back = _LEAN * depth**0.5
    _prism(axes, 0, 0, height * unit[0], width * unit[1], back, colour, alpha=0.22)
    if volume.part is not None:
        top, left, tall, wide = integers("part", volume.part, rank=4, minimum=0)
        if top + tall > height or left + wide > width:
            raise ValueError(f"part: got {volume.part}, expected a part of {height} rows, {width} columns")
        low, near = unit * [height - top - tall, left]
        _prism(axes, low, near, tall * unit[0], wide * unit[1], back, KERNEL, alpha=0.5)
    axes.text(0, -0.15, f"{depth} × {height} × {width}", va="top", color=colour, fontweight="bold")
    axes.set_title(volume.title, loc="left", pad=2)


def _prism(
    axes: Axes, low: float, left: float, height: float, width: float, back: float, colour: str, alpha: float
) -> None:
    """A box seen from the right and above; its front face starts at (left, low)."""
    right, top = left + width, low + height
    front = [(left, low), (right, low), (right, top), (left, top)]
    above = [(left, top), (right, top), (right + back, top + back), (left + back, top + back)]
    side = [(right, low), (right + back, low + back), (right + back, top + back), (right, top)]
    for face, strength in [(front, 1.0), (above, 0.6), (side, 1.4)]:
        axes.add_patch(Polygon(face, facecolor=(colour, alpha * strength), edgecolor=colour, linewidth=0.9))


def colour_maps(image: ArrayLike, *panels: Picture, at: tuple[int, int] | None = None, alt: str) -> Figure:
    """Draw a colour image, and what a layer made of it: one picture for each filter.

    Parameters
    ----------
    image : array_like, shape (3, H, W)
        Red, green and blue, from 0 to 1; what lies beyond is clipped.
    *panels : (title, values, kind)
        Values of shape (M, N), and their kind as in `course_pkg.plots.filters.pictures`.
    at : (row, column)
        A pixel to ring in every picture, or None.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no panel, a kind is unknown, or the shapes are others.

    Examples
    --------
    >>> grey = np.full((3, 4, 6), 0.5)
    >>> colour_maps(grey, ("red", grey[0], "grey"), alt="A grey image and its red channel.")
    Figure: A grey image and its red channel.
    """
    pixels = _image(image)
    if not panels:
        raise ValueError("panels: got none, expected at least one (title, values, kind)")
    rows = -(-(len(panels) + 1) // 2)
    height = rows * (2.55 * pixels.shape[1] / pixels.shape[2] + 0.3)
    with drawing(rows, 2, height=height) as (figure, grid):
        grid[0].imshow(pixels.transpose(1, 2, 0), interpolation="none")
        grid[0].set_title("input: 3 channels", pad=3)
        for axes, (title, values, kind) in zip(grid[1:], panels, strict=False):
            _map(axes, signal(title, values, ndim=2), kind)
            axes.set_title(title, pad=3)
        for axes in grid:
            axes.axis("off")
        if at is not None:
            row, column = integers("at", at, rank=2, minimum=0)
            for axes in grid[: len(panels) + 1]:
                for size, colour in [(11, "black"), (8, "white")]:  # on an image, in both themes
                    axes.plot(column, row, "o", ms=size, mfc="none", mec=colour, mew=1.5)
    return Figure(figure, alt)


def channel_sum(image: ArrayLike, w: ArrayLike, parts: ArrayLike, y: ArrayLike, *, alt: str) -> Figure:
    """Draw a filter at work on a colour image: channel by channel, then the sum of the three.

    Parameters
    ----------
    image : array_like, shape (3, H, W)
        Red, green and blue, from 0 to 1.
    w : array_like, shape (3, K, K)
        The filter: one slice for each channel.
    parts : array_like, shape (3, M, N)
        What each slice alone makes of its channel.
    y : array_like, shape (M, N)
        The activation map, from 0: the sum of the parts, with bias and ReLU.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If the shapes are others.

    Examples
    --------
    >>> image, w = np.full((3, 4, 6), 0.5), np.ones((3, 1, 1))
    >>> channel_sum(image, w, image, image.sum(axis=0), alt="Three grey channels, and their sum.")
    Figure: Three grey channels, and their sum.
    """
    pixels, w = _image(image), signal("w", w, ndim=3)
    parts, y = signal("parts", parts, ndim=3), signal("y", y, ndim=2)
    if len(w) != 3 or parts.shape != (3, *y.shape):
        raise ValueError(
            f"w, parts: got shapes {w.shape}, {parts.shape}, expected (3, K, K), (3, *{y.shape})"
        )
    limit = float(np.percentile(abs(parts), 99)) or 1.0
    height = 4 * (2.05 * pixels.shape[1] / pixels.shape[2] + 0.26)
    with drawing(4, 3, height=height, width_ratios=[2, 0.9, 2]) as (figure, grid):
        for c, name in enumerate(["red", "green", "blue"]):
            left, middle, right = grid[3 * c : 3 * c + 3]
            left.imshow(pixels[c], cmap=MAPS["grey"], vmin=0, vmax=1, interpolation="none")
            left.set_title(f"channel {c}: {name}", pad=3, fontsize=9)
            _weights(middle, w[c])
            middle.set_title(f"slice {c}", pad=3, fontsize=9)
            _map(right, parts[c], "signed", limit)
            right.set_title("its part of the sum", pad=3, fontsize=9)
        grid[9].imshow(pixels.transpose(1, 2, 0), interpolation="none")
        grid[9].set_title("all three channels", pad=3, fontsize=9)
        grid[10].text(0.5, 0.5, "sum, bias,\nReLU →", ha="center", va="center", transform=grid[10].transAxes)
        _map(grid[11], y, "amount")
        grid[11].set_title("one activation map", pad=3, fontsize=9)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def _image(image: ArrayLike) -> NDArray[np.float64]:
    pixels = signal("image", image, ndim=3)
    if len(pixels) != 3:
        raise ValueError(f"image: got {describe(pixels)}, expected shape (3, H, W): channels first")
    return np.clip(pixels, 0, 1)


def _map(axes: Axes, values: NDArray[np.float64], kind: str, limit: float | None = None) -> None:
    choice("kind", kind, MAPS)
    limit = limit or float(np.percentile(abs(values), 99)) or 1.0
    low, high = {"grey": (0.0, 1.0), "signed": (-limit, limit), "amount": (0.0, limit)}[kind]
    axes.imshow(values, cmap=MAPS[kind], vmin=low, vmax=high, interpolation="none")


def _weights(axes: Axes, kernel: NDArray[np.float64]) -> None:
    for (k, m), weight in np.ndenumerate(kernel):
        axes.add_patch(Rectangle((m + 0.04, k + 0.04), 0.92, 0.92, facecolor=(KERNEL, 0.25), linewidth=0))
        text = f"{weight:.3g}".replace("-", "\N{MINUS SIGN}")
        axes.text(m + 0.5, k + 0.52, text, ha="center", va="center", fontsize=9, color=TEXT)
    axes.set(xlim=(0, kernel.shape[1]), ylim=(kernel.shape[0], 0), aspect="equal")
