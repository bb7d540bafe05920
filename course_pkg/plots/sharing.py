"""Figures of shared weights: the matrix of an image layer, and what sharing costs or saves."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike

from course_pkg._validate import integers, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, Figure, drawing


def image_matrix(matrix: ArrayLike, inputs: tuple[int, int], outputs: tuple[int, int], *, alt: str) -> Figure:
    """Draw the matrix that takes a flattened image to a flattened map; equal letters are one weight.

    Lines part the rows of the image (columns of the matrix) and of the map (rows of the matrix).

    Parameters
    ----------
    matrix : array_like of int, shape (M, N)
        0 is no connection, j from 1 to 26 is the j-th weight of the kernel, written as a letter.
    inputs, outputs : (H, W)
        Shapes of the image and of the map: N and M pixels.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If the sizes do not belong together, or an entry is not a whole number from 0 to 26.

    Examples
    --------
    >>> image_matrix(np.eye(4), (2, 2), (2, 2), alt="The weight a four times on the diagonal.")
    Figure: The weight a four times on the diagonal.
    """
    values = signal("matrix", matrix, ndim=2)
    (rows_in, columns_in), (rows_out, columns_out) = (
        integers(name, shape, rank=2, minimum=1) for name, shape in [("inputs", inputs), ("outputs", outputs)]
    )
    if values.shape != (rows_out * columns_out, rows_in * columns_in):
        raise ValueError(
            f"matrix: got shape {values.shape}, expected pixels of {outputs} × pixels of {inputs}"
        )
    if not np.isin(values, np.arange(27)).all():
        raise ValueError("matrix: got other entries, expected whole numbers from 0 to 26")
    M, N = values.shape
    with drawing(height=5.2 * (M + 2.6) / (N + 2.6)) as (figure, [axes]):
        for m, n in zip(*np.nonzero(values), strict=True):
            weight = int(values[m, n])
            shade = 0.15 + 0.5 * (weight - 1) / max(values.max() - 1, 1)
            axes.add_patch(Rectangle((n, m), 1, 1, facecolor=(KERNEL, shade), linewidth=0))
            axes.text(n + 0.5, m + 0.52, chr(ord("a") + weight - 1), ha="center", va="center", fontsize=8.5)
        for row in range(rows_in + 1):
            axes.plot([row * columns_in] * 2, [0, M], color=INPUT, linewidth=0.9)
        for row in range(rows_out + 1):
            axes.plot([0, N], [row * columns_out] * 2, color=OUTPUT, linewidth=0.9)
        for row in range(rows_in):
            centre = (row + 0.5) * columns_in
            axes.text(centre, -0.3, f"input row {row}", ha="center", va="bottom", color=INPUT, fontsize=9)
        for row in range(rows_out):
            centre = (row + 0.5) * columns_out
            axes.text(-0.3, centre, f"output row {row}", ha="right", va="center", color=OUTPUT, rotation=90,
                      fontsize=9)  # fmt: skip
        axes.set(xlim=(-1.6, N + 0.1), ylim=(M + 0.1, -1.6), aspect="equal")
        axes.axis("off")
    return Figure(figure, alt)


def errors_by_examples(examples: Sequence[int], panels: Mapping[str, Mapping[str, ArrayLike]], *, ylabel: str,
            alt: str) -> Figure:  # fmt: skip
    """Draw errors against the number of training images, on a logarithmic axis, a panel for each data set.

    Parameters
    ----------
    examples : sequence of int
        Numbers of training examples.
    panels : mapping of title to mapping of label to array_like, shape (len(examples),)
        For each data set the errors of at most two models, in green and mauve.
    ylabel : str
        What was measured, with units.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no panel, or a curve has not one value for each number of examples.

    Examples
    --------
    >>> panels = {"digits": {"shared": [3, 3], "local": [5, 2]}}
    >>> errors_by_examples([10, 100], panels, ylabel="error", alt="With more images the curves cross.")
    Figure: With more images the curves cross.
    """
    at = signal("examples", examples, ndim=1)
    if not panels:
        raise ValueError("panels: got none, expected at least one data set")
    with drawing(len(panels), height=1.9 * len(panels) + 0.3, sharex=True, sharey=True) as (figure, grid):
        for axes, (title, curves) in zip(grid, panels.items(), strict=True):
            styles = [(OUTPUT, "o", "-"), (SECOND, "s", "--")]
            for (label, errors), (colour, marker, line) in zip(curves.items(), styles, strict=False):
                values = signal(label, errors, ndim=1)
                if values.shape != at.shape:
                    raise ValueError(f"{label}: got {len(values)} errors, expected {len(at)}, one per number")
                axes.plot(at, values, line, marker=marker, color=colour, label=label, markersize=5)
            axes.set(xscale="log", ylabel=ylabel)
            axes.set_title(title, loc="left")
            axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
        grid[0].legend()
        grid[-1].set_xticks(at, [f"{value:.0f}" for value in at])
        grid[-1].xaxis.set_minor_locator(NullLocator())
        grid[-1].set_xlabel("training images")
    return Figure(figure, alt)
