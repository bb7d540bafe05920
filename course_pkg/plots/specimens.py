"""Figures of data as they are: photographs in colour, places in a picture, lines and slices."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import describe, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, OUTPUT, SECOND, Figure, drawing
from course_pkg.plots.filters import MAPS

Values = NDArray[np.float64]


def photographs(panels: Mapping[str, ArrayLike], *, columns: int = 2, alt: str) -> Figure:
    """Draw colour pictures side by side, each under its title.

    Parameters
    ----------
    panels : mapping of title to array_like, shape (3, H, W)
        Red, green and blue, from 0 to 1; what lies beyond is clipped.
    columns : int
        Pictures in a row.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a picture is not an array of numbers.
    ValueError
        If there is none, or one is not of shape (3, H, W).

    Examples
    --------
    >>> photographs({"red": [[[1.0]], [[0]], [[0]]]}, alt="One pixel, which is pure red.")
    Figure: One pixel, which is pure red.
    """
    images = _panels(panels, rank=3)
    for title, image in images.items():
        if len(image) != 3:
            raise ValueError(f"panels[{title!r}]: got {describe(image)}, expected shape (3, H, W)")
    rows = -(-len(images) // positive_int("columns", columns))
    ratio = max(image.shape[1] / image.shape[2] for image in images.values())
    with drawing(rows, columns, height=rows * (5.1 / columns * ratio + 0.28)) as (figure, grid):
        for axes, (title, image) in zip(grid, images.items(), strict=False):
            axes.imshow(np.clip(image, 0, 1).transpose(1, 2, 0), interpolation="none")
            axes.set_title(title, pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def samples(image: ArrayLike, panels: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw a grey image, several times, and the places in it that a kernel's taps read.

    Parameters
    ----------
    image : array_like, shape (H, W)
        From 0 (black) to 1 (white).
    panels : mapping of title to array_like, shape (taps, 2)
        For each picture the row and column of every tap, in pixels, whole or not.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is not an array of numbers.
    ValueError
        If there is no panel, or places are not of shape (taps, 2).

    Examples
    --------
    >>> samples([[0.5, 0.5]], {"between": [[0, 0.5]]}, alt="One tap between two grey pixels.")
    Figure: One tap between two grey pixels.
    """
    pixels = signal("image", image, ndim=2)
    places = _panels(panels, rank=2)
    rows = -(-len(places) // 2)
    height = rows * (2.5 * pixels.shape[0] / pixels.shape[1] + 0.28)
    with drawing(rows, 2, height=height) as (figure, grid):
        for axes, (title, taps) in zip(grid, places.items(), strict=False):
            if taps.shape[1] != 2:
                raise ValueError(f"panels[{title!r}]: got {describe(taps)}, expected shape (taps, 2)")
            axes.imshow(pixels, cmap=MAPS["grey"], vmin=0, vmax=1, interpolation="none")
            axes.plot(taps[:, 1], taps[:, 0], "o", ms=7, mfc=KERNEL, mec="white", mew=1.2)
            axes.set_title(title, pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def formats(panels: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw data on one, two or three axes: as lines, as a picture, or as three slices.

    Parameters
    ----------
    panels : mapping of title to array_like, shape (C, L), (C, H, W) or (C, D, H, W)
        The data, channels first; three channels on two or three axes are red, green and blue.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If data are not an array of numbers.
    ValueError
        If there are none, data are of another rank, or a picture has neither one nor three channels.

    Examples
    --------
    >>> formats({"audio": [[0, 1, 0, -1]]}, alt="One wave of four samples, as a line.")
    Figure: One wave of four samples, as a line.
    """
    data = {title: signal(f"panels[{title!r}]", values, ndim=(2, 3, 4)) for title, values in panels.items()}
    if not data:
        raise ValueError("panels: got none, expected at least one")
    rows = -(-len(data) // 2)
    with drawing(rows, 2, height=rows * 1.75) as (figure, grid):
        for axes, (title, values) in zip(grid, data.items(), strict=False):
            if values.ndim == 2:
                for channel, colour in zip(
                    values, [INPUT, KERNEL, OUTPUT, SECOND] * len(values), strict=False
                ):
                    axes.plot(channel, color=colour, linewidth=1.1)
            elif values.ndim == 3:
                _slices(axes, title, [values])
            else:
                depth = values.shape[1]
                _slices(axes, title, [values[:, at] for at in (depth // 4, depth // 2, 3 * depth // 4)])
            axes.set_title(title, pad=3, fontsize=9)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def _slices(axes: Axes, title: str, slices: list[Values]) -> None:
    channels, height, width = slices[0].shape
    if channels not in (1, 3):
        raise ValueError(f"panels[{title!r}]: got {channels} channels, expected one or three")
    step = width + max(width // 20, 1)
    for i, piece in enumerate(slices):
        picture = np.broadcast_to(np.clip(piece, 0, 1), (3, height, width)).transpose(1, 2, 0)
        axes.imshow(picture, interpolation="none", extent=(i * step, i * step + width, height, 0))
    axes.set_xlim(0, step * (len(slices) - 1) + width)


def _panels(panels: Mapping[str, ArrayLike], rank: int) -> dict[str, Values]:
    if not panels:
        raise ValueError("panels: got none, expected at least one")
    return {title: signal(f"panels[{title!r}]", values, ndim=rank) for title, values in panels.items()}
