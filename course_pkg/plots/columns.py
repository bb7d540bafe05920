"""Figures of im2col: a photograph and its maps, an image beside its columns, how often values are copied."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import integer, positive_int, signal
from course_pkg.plots.figure import INPUT, MUTED, OUTPUT, TEXT, Figure, drawing

_COPIES = LinearSegmentedColormap.from_list("course-copies", ["#f7f7f7", "#8cc0e0", INPUT, "#003a5c"], N=32)


def photo_and_maps(photo: ArrayLike, maps: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw a colour photograph and three feature maps of it.

    Parameters
    ----------
    photo : array_like, shape (3, H, W)
        Red, green and blue, from 0 to 1.
    maps : mapping of str to array_like, shape (M, L)
        Title and values of each feature map; exactly three.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an array holds anything but numbers.
    ValueError
        If the photograph has not three channels or a value outside 0 to 1, or the maps are not three.

    Examples
    --------
    >>> maps = {"a": np.eye(2), "b": np.eye(2), "c": np.eye(2)}
    >>> photo_and_maps(np.zeros((3, 4, 4)), maps, alt="A black photograph and three maps.")
    Figure: A black photograph and three maps.
    """
    image = signal("photo", photo, ndim=3)
    if len(image) != 3 or image.min() < 0 or image.max() > 1:
        raise ValueError(
            f"photo: got shape {image.shape} from {image.min():g} to {image.max():g}, "
            "expected (3, H, W) from 0 to 1"
        )
    if len(maps) != 3:
        raise ValueError(f"maps: got {len(maps)}, expected three")
    with drawing(2, 2, height=5.3) as (figure, [first, *others]):
        first.imshow(image.transpose(1, 2, 0), interpolation="none")
        first.set_title("input: the photograph", loc="left")
        for axes, (title, values) in zip(others, maps.items(), strict=True):
            axes.imshow(signal("maps", values, ndim=2), cmap="gray", interpolation="none")
            axes.set_title(title, loc="left")
        for axes in [first, *others]:
            axes.axis("off")
    return Figure(figure, alt)


def unrolled(
    x: ArrayLike, kernel_size: int, *, stride: int = 1, chosen: int | None = None, alt: str
) -> Figure:
    """Draw an image of one channel and the matrix whose columns are its windows.

    Parameters
    ----------
    x : array_like, shape (H, W)
        The image.
    kernel_size : int
        Side of the square windows.
    stride : int
        Step between two windows, in both directions.
    chosen : int, optional
        Which window to point out, in the image and among the columns.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `x` has another rank, the window does not fit, or there is no window of the number `chosen`.

    Examples
    --------
    >>> unrolled([[1, 2, 3], [4, 5, 6]], 2, chosen=0, alt="Two windows of four, as two columns of four.")
    Figure: Two windows of four, as two columns of four.
    """
    image = signal("x", x, ndim=2)
    size, step = positive_int("kernel_size", kernel_size), positive_int("stride", stride)
    if size > min(image.shape):
        raise ValueError(
            f"kernel_size: got {size}, expected at most {min(image.shape)}, the image's smaller side"
        )
    view = sliding_window_view(image, (size, size))[::step, ::step]  # (rows, columns, K, K)
    columns = view.reshape(-1, size * size).T
    if chosen is not None and not 0 <= integer("chosen", chosen) < columns.shape[1]:
        raise ValueError(f"chosen: got {chosen}, expected 0 to {columns.shape[1] - 1}, a column")

    start = image.shape[1] + 1.2  # where the matrix begins, in cells
    cells = start + columns.shape[1], max(len(image), len(columns))  # across and down
    side = min(5.1 / cells[0], 0.36)
    with drawing(height=side * cells[1] + 0.4) as (figure, [axes]):
        _numbers(axes, image, 0, f"image: {_size(image)}")
        _numbers(axes, columns, start, f"$X_{{col}}$: {_size(columns)}")
        if chosen is not None:
            row, column = (step * n for n in divmod(chosen, view.shape[1]))
            _frame(axes, column, row, size, size)
            _frame(axes, start + chosen, 0, 1, len(columns))
        axes.set(xlim=(-0.1, cells[0] + 0.1), ylim=(cells[1] + 0.1, -0.8), aspect="equal")
        axes.axis("off")
    return Figure(figure, alt)


def copies(maps: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw how many times each value of an image is copied; with its number where there is room for one.

    Parameters
    ----------
    maps : mapping of str to array_like of int, shape (H, W)
        Title and counts of each image, two side by side.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If the counts are not numbers.
    ValueError
        If there is no map, a map has another rank, or a count is negative.

    Examples
    --------
    >>> copies({"3 × 3, stride 2": [[1, 2, 1], [2, 4, 2], [1, 2, 1]]}, alt="The centre is copied four times.")
    Figure: The centre is copied four times.
    """
    if not maps:
        raise ValueError("maps: got none, expected at least one")
    counts = {title: signal("maps", values, ndim=2) for title, values in maps.items()}
    if min(values.min() for values in counts.values()) < 0:
        raise ValueError("maps: got a negative count, expected counts from 0")
    most = max(values.max() for values in counts.values())
    rows = -(-len(counts) // 2)
    with drawing(rows, 2, height=2.75 * rows) as (figure, grid):
        for axes, (title, values) in zip(grid, counts.items(), strict=False):
            axes.imshow(values, cmap=_COPIES, vmin=0, vmax=most, interpolation="none")
            axes.set_title(title)
            if max(values.shape) <= 12:
                for (i, j), value in np.ndenumerate(values):
                    ink = "#ffffff" if value > most / 2 else "#23262c"  # on the map, in either theme
                    axes.text(j, i, f"{value:g}", ha="center", va="center", color=ink)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def _size(values: NDArray[np.float64]) -> str:
    return " × ".join(map(str, values.shape))


def _numbers(axes: Axes, values: NDArray[np.float64], start: float, title: str) -> None:
    """A grid of cells with a number in each, from `start` to the right."""
    for (i, j), value in np.ndenumerate(values):
        axes.add_patch(Rectangle((start + j, i), 1, 1, facecolor=INPUT, alpha=0.12, linewidth=0))
        axes.add_patch(Rectangle((start + j, i), 1, 1, facecolor="none", edgecolor=MUTED, linewidth=0.5))
        label = f"{value:g}".replace("-", "\N{MINUS SIGN}")
        axes.text(start + j + 0.5, i + 0.53, label, ha="center", va="center", color=TEXT)
    axes.text(start, -0.25, title, color=TEXT)


def _frame(axes: Axes, x: float, y: float, width: int, height: int) -> None:
    """Point out cells as what one output is made of."""
    axes.add_patch(Rectangle((x, y), width, height, facecolor=OUTPUT, alpha=0.25, linewidth=0))
    axes.add_patch(Rectangle((x, y), width, height, facecolor="none", edgecolor=OUTPUT, linewidth=2.2))
