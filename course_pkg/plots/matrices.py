"""Figures of a layer's weights: as one matrix, and as one small kernel for each pair of channels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import integers, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing


def weight_matrices(panels: Sequence[tuple[str, ArrayLike, int]], *, alt: str) -> Figure:
    """Draw weight matrices so that shared weights are seen: cells with the same letter hold the same weight.

    Parameters
    ----------
    panels : sequence of (str, array_like of int, shape (M, N), int)
        Title, matrix and number of taps K. An entry of 0 is no connection, an entry of j > 0 is the j-th
        free weight. Weights 1 to K are the first kernel; K + 1 to 2K the second, in a second colour; and
        so on by turns.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no panel, a matrix is not two-dimensional, or an entry is not a whole number from 0.

    Examples
    --------
    >>> weight_matrices([("one tap", [[1, 0], [0, 1]], 1)], alt="The weight a twice on the diagonal.")
    Figure: The weight a twice on the diagonal.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one (title, matrix, taps) triple")
    matrices = [_index_matrix(matrix) for _, matrix, _ in panels]
    for _, _, taps in panels:
        positive_int("taps", taps)
    columns = min(len(panels), 2)
    cell = min(5.0 / (columns * max(m.shape[1] + 0.8 for m in matrices)), 0.34)
    heights = [  # of the grid's rows, in cells, with room for the titles
        max(m.shape[0] for m in matrices[i : i + columns]) + 0.8 + 0.42 / cell
        for i in range(0, len(matrices), columns)
    ]
    with drawing(len(heights), columns, height=cell * sum(heights), height_ratios=heights) as (
        figure,
        all_axes,
    ):
        for axes, (title, _, kernel), matrix in zip(all_axes, panels, matrices, strict=False):
            _draw_matrix(axes, matrix, kernel)
            axes.set_title(title)
        for axes in all_axes:
            axes.axis("off")
    return Figure(figure, alt)


def _draw_matrix(axes: Axes, matrix: NDArray[np.int64], kernel: int) -> None:
    rows, columns = matrix.shape
    letters = matrix.max() <= 26
    for (m, n), weight in np.ndenumerate(matrix):
        _square(axes, n, m, 1, facecolor="none", edgecolor=MUTED, linewidth=0.4)
        if weight:
            group, tap = divmod(int(weight) - 1, kernel)
            shade = 0.2 + 0.5 * tap / max(kernel - 1, 1)
            _square(axes, n, m, 1, facecolor=[KERNEL, SECOND][group % 2], alpha=shade, linewidth=0)
            name = chr(ord("a") + weight - 1) if letters else str(weight)
            axes.text(n, m, name, ha="center", va="center", fontsize=9 if letters else 7.5)
    axes.add_patch(Rectangle((-0.5, -0.82), columns, 0.2, facecolor=INPUT, linewidth=0))
    axes.add_patch(Rectangle((-0.82, -0.5), 0.2, rows, facecolor=OUTPUT, linewidth=0))
    axes.set_xlim(-0.9, columns - 0.4)
    axes.set_ylim(rows - 0.4, -0.9)
    axes.set_aspect("equal")


def channels(x: ArrayLike, w: ArrayLike, y: ArrayLike, *, output: tuple[int, int], alt: str) -> Figure:
    """Draw input channels, one kernel for every output channel, and output channels, for a valid layer.

    The window, the kernel and the result of one output value are pointed out.

    Parameters
    ----------
    x : array_like, shape (C_i, N)
        Input.
    w : array_like, shape (C_o, C_i, K)
        Kernels.
    y : array_like, shape (C_o, M)
        Output.
    output : (int, int)
        Output channel and position to point out.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If the shapes do not belong together, or `output` is not an index of `y`.

    Examples
    --------
    >>> channels([[1, 2, 3]], [[[1, 1]]], [[3, 5]], output=(0, 1), alt="Two and three are summed to five.")
    Figure: Two and three are summed to five.
    """
    x, w, y = signal("x", x, ndim=2), signal("w", w, ndim=3), signal("y", y, ndim=2)
    channel, position = integers("output", output, rank=2, minimum=0)
    if w.shape[1] != len(x):
        raise ValueError(f"w: got shape {w.shape}, expected (C_o, {len(x)}, K) for x of {len(x)} channels")
    if y.shape != (len(w), x.shape[1] - w.shape[2] + 1):
        raise ValueError(f"y: got shape {y.shape}, expected {(len(w), x.shape[1] - w.shape[2] + 1)}")
    if channel >= len(y) or position >= y.shape[1]:
        raise ValueError(f"output: got {output}, expected an index (channel, position) of y {y.shape}")

    taps = w.shape[2]
    step = taps + 0.8  # from one kernel to the next
    bottom = len(x) + 1.4  # where the row of kernels starts
    floor = bottom + len(x) + 1.4  # where the outputs start
    left = (x.shape[1] - len(w) * step + 0.8) / 2  # kernels centred below the input
    corner = left + channel * step
    middle = (x.shape[1] - y.shape[1]) / 2  # outputs centred too
    start, end = min(left, 0) - 2.9, max(x.shape[1] - left, x.shape[1]) - 0.4
    with drawing(height=(floor + len(y) + 0.4) * 5.2 / (end - start)) as (figure, [axes]):
        window = (slice(None), slice(position, position + taps))
        _grid(axes, x, 0, 0, INPUT, window)
        for o, kernel in enumerate(w):
            lit = (slice(None), slice(None)) if o == channel else (slice(0), slice(0))
            _grid(axes, kernel, left + o * step, bottom, KERNEL, lit)
        _grid(axes, y, middle, floor, OUTPUT, (slice(channel, channel + 1), slice(position, position + 1)))
        for near, far in [(position - 0.5, corner - 0.5), (position + taps - 0.5, corner + taps - 0.5)]:
            axes.plot([near, far], [len(x) - 0.45, bottom - 0.55], color=KERNEL, linewidth=1.2)
        ends = [corner + taps / 2 - 0.5, middle + position], [bottom + len(x) - 0.45, floor + channel - 0.5]
        axes.plot(*ends, color=KERNEL, linewidth=1.2)
        for name, row in [("input", 0), ("kernels", bottom), ("output", floor)]:
            axes.text(min(left, 0) - 0.8, row, name, ha="right", va="center", fontsize=9.5)
        axes.set_xlim(start, end)
        axes.set_ylim(floor + len(y) - 0.3, -0.7)
        axes.set_aspect("equal")
        axes.axis("off")
    return Figure(figure, alt)


def _grid(
    axes: Axes, values: NDArray[np.float64], x: float, y: float, colour: str, lit: tuple[slice, slice]
) -> None:
    """Cells of a small matrix, the first centred at (x, y); those in the slice `lit` are shown strong."""
    strong = np.zeros(values.shape, dtype=bool)
    strong[lit] = True
    for (row, column), value in np.ndenumerate(values):
        alpha = 0.45 if strong[row, column] else 0.13
        _square(axes, x + column, y + row, 0.9, facecolor=colour, alpha=alpha, linewidth=0)
        text = f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
        axes.text(x + column, y + row, text, ha="center", va="center", fontsize=9.5, color=TEXT)


def _square(axes: Axes, x: float, y: float, side: float, **style: object) -> None:
    axes.add_patch(Rectangle((x - side / 2, y - side / 2), side, side, **style))  # type: ignore[arg-type]


def _index_matrix(matrix: ArrayLike) -> NDArray[np.int64]:
    given = signal("panels", matrix, ndim=2)
    indices = np.rint(given).astype(np.int64)
    if not np.array_equal(indices, given) or indices.min() < 0:
        raise ValueError("panels: got other entries in a matrix, expected whole numbers from 0")
    return indices
