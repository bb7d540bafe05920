"""Rows of small images, and what chapter 1 measures on them: curves, errors of seeds, counts, links."""

from collections.abc import Mapping, Sized
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, WIDTH, Figure, drawing

# two things compared: the first in green with discs, the second in mauve with squares, a third as a guide
_COMPARED = ((OUTPUT, "o"), (SECOND, "s"), (MUTED, "^"))
# one style of line for each tap, so that equal weights are seen without colour too
_DASHES = ("-", (0, (1.2, 1.2)), (0, (5, 2)), (0, (5, 1.5, 1, 1.5)))


def image_rows(rows: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw rows of small images, grey or in colour, each row under its title; black is 0, white is 1.

    Parameters
    ----------
    rows : mapping of title to array, (images, H, W) or (images, 3, H, W)
        The images of each row, values from 0 to 1; what lies beyond is clipped. Every row holds as many.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no rows, a row is of another shape, or rows differ in how many they hold.

    Examples
    --------
    >>> image_rows({"noise": np.full((3, 4, 4), 0.5)}, alt="Three squares of the same grey.")
    Figure: Three squares of the same grey.
    """
    arrays = {title: _floats(f"rows[{title!r}]", images, ndim=(3, 4)) for title, images in rows.items()}
    for title, images in arrays.items():
        if images.ndim == 4 and images.shape[1] != 3:
            raise ValueError(f"rows[{title!r}]: expected shape (images, 3, H, W), got {images.shape}")
    counts = {len(images) for images in arrays.values()}
    if len(counts) != 1:
        raise ValueError(f"rows: expected rows of one length, at least one row, got lengths {sorted(counts)}")
    cell = WIDTH / counts.pop()  # inches
    with drawing(len(arrays), height=len(arrays) * (cell + 0.3)) as (figure, grid):
        for axes, (title, images) in zip(grid, arrays.items(), strict=True):
            for left, image in enumerate(images):
                pixels = np.clip(image if image.ndim == 2 else image.transpose(1, 2, 0), 0, 1)
                extent = (left + 0.03, left + 0.97, 0.0, 0.94 * pixels.shape[0] / pixels.shape[1])
                axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest", extent=extent)
            axes.set(xlim=(0, len(images)), ylim=(0, None))
            axes.set_title(title, loc="left", pad=3)
            axes.axis("off")
    return Figure(figure, alt)


def comparison(
    x: ArrayLike, curves: Mapping[str, ArrayLike], xlabel: str, ylabel: str, *, alt: str
) -> Figure:
    """Draw quantities against a whole-numbered x: the mean over seeds as a line, lowest to highest as a band.

    Parameters
    ----------
    x : array, (points,)
        What was varied, for example a shift in pixels.
    curves : mapping of label to array, (points,) or (seeds, points)
        At most three curves, in the order green, mauve, grey.
    xlabel, ylabel : str
        What the axes say, with units.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no curve or more than three, or a curve has not one value for each `x`.

    Examples
    --------
    >>> comparison([0, 1], {"net": [4, 6]}, "shift", "error (%)", alt="It rises from 4 to 6 percent.")
    Figure: It rises from 4 to 6 percent.
    """
    at = _floats("x", x, ndim=1)
    _at_most_three("curves", curves)
    with drawing(height=2.6) as (figure, [axes]):
        for (label, values), (colour, marker) in zip(curves.items(), _COMPARED, strict=False):
            each = np.atleast_2d(_floats(f"curves[{label!r}]", values, ndim=(1, 2)))  # (seeds, points)
            if each.shape[1] != at.size:
                wanted = f"expected {at.size} points, as many as x"
                raise ValueError(f"curves[{label!r}]: {wanted}, got {each.shape[1]}")
            axes.fill_between(at, each.min(axis=0), each.max(axis=0), color=colour, alpha=0.25, linewidth=0)
            axes.plot(at, each.mean(axis=0), color=colour, marker=marker, markersize=4, label=label)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _guide(axes, "y")
        axes.legend()
    return Figure(figure, alt)


def seed_errors(
    groups: Mapping[str, Mapping[str, ArrayLike]],
    *,
    xlabel: str = "test error, one mark a training run",
    alt: str,
) -> Figure:
    """Draw the error of every training run as a mark on a line, one line for each group and label.

    Parameters
    ----------
    groups : mapping of title to mapping of label to array, (seeds,)
        For each title, for example a kind of data, the errors of each network as fractions; at most three
        labels, in the order green, mauve, grey.
    xlabel : str
        Which error it is.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no group, groups differ in their labels, or an error lies outside 0 to 1.

    Examples
    --------
    >>> seed_errors({"digits": {"convnet": [0.04, 0.05], "fully connected": [0.08, 0.09]}},
    ...             alt="Every run of the convnet is left of every other run.")
    Figure: Every run of the convnet is left of every other run.
    """
    labels = list(next(iter(groups.values()), {}))
    _at_most_three("groups", labels)
    if any(list(group) != labels for group in groups.values()):
        raise ValueError(f"groups: expected the labels {labels} in each group, got others")
    with drawing(len(groups), height=0.7 + 0.75 * len(groups), sharex=True) as (figure, grid):
        for axes, (title, group) in zip(grid, groups.items(), strict=True):
            for row, (label, (colour, marker)) in enumerate(zip(labels, _COMPARED, strict=False)):
                errors = _floats(f"groups[{title!r}][{label!r}]", group[label], ndim=1)
                if errors.min() < 0 or errors.max() > 1:
                    raise ValueError(
                        f"groups[{title!r}][{label!r}]: expected fractions from 0 to 1, got {errors}"
                    )
                axes.plot(errors, np.full(errors.size, row), marker, color=colour, alpha=0.8, markersize=7)
            axes.set_title(title, loc="left")
            axes.set(yticks=range(len(labels)), yticklabels=labels, ylim=(len(labels) - 0.4, -0.6))
            axes.spines["left"].set_visible(False)
            axes.tick_params(axis="y", length=0)
            _guide(axes, "x")
        grid[-1].set_xlim(left=0)
        grid[-1].xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        grid[-1].set_xlabel(xlabel)
    return Figure(figure, alt)


def counts(values: Mapping[str, int], *, xlabel: str, alt: str) -> Figure:
    """Draw large counts as bars on a logarithmic scale, each with its number and its name above it.

    Parameters
    ----------
    values : mapping of label to int
        The counts, each at least 1.
    xlabel : str
        What is counted.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no count, or one is less than 1.

    Examples
    --------
    >>> counts({"few": 10, "many": 10_000}, xlabel="weights", alt="Ten weights against ten thousand weights.")
    Figure: Ten weights against ten thousand weights.
    """
    if not values or min(values.values()) < 1:
        raise ValueError(f"values: expected counts of at least 1, got {dict(values)}")
    rows = np.arange(len(values))
    with drawing(height=0.6 + 0.52 * len(values)) as (figure, [axes]):
        lengths = [value - 1 for value in values.values()]  # from 1 up to the value: a log scale has no 0
        axes.barh(rows + 0.2, lengths, height=0.34, color=KERNEL, left=1)
        for row, (label, value) in zip(rows, values.items(), strict=True):
            axes.text(1.15, row - 0.08, f"{label}: {value:,}", va="bottom", color=TEXT)
        axes.set(xscale="log", xlabel=xlabel, yticks=[], ylim=(len(values) - 0.5, -0.5), xlim=(1, None))
        axes.spines["left"].set_visible(False)
    return Figure(figure, alt)


def links(layers: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw layers as units joined by lines, inputs above, outputs below; equal weights have equal lines.

    Parameters
    ----------
    layers : mapping of title to array, (outputs, inputs)
        Weight matrices; a weight of 0 is no link. With up to four different weights each gets a style of
        line of its own, with more all lines are thin and alike.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no layers, or a matrix is empty or of another rank.

    Examples
    --------
    >>> links({"a difference": [[1, -1, 0], [0, 1, -1]]}, alt="Three inputs, two outputs, four links.")
    Figure: Three inputs, two outputs, four links.
    """
    if not layers:
        raise ValueError("layers: expected at least one weight matrix, got none")
    with drawing(len(layers), height=1.55 * len(layers)) as (figure, grid):
        for axes, (title, matrix) in zip(grid, layers.items(), strict=True):
            weights = _floats(f"layers[{title!r}]", matrix, ndim=2)
            kinds = [kind for kind in np.unique(weights) if kind != 0]
            offset = (weights.shape[1] - weights.shape[0]) / 2  # outputs stand centred under the inputs
            for m, n in zip(*np.nonzero(weights), strict=True):
                shared = len(kinds) <= len(_DASHES)
                style = _DASHES[kinds.index(weights[m, n])] if shared else "-"
                width = 1.8 if shared else 0.7
                axes.plot([n, m + offset], [1, 0], color=KERNEL, linestyle=style, linewidth=width, zorder=1)
            for size, height, start, colour in ((1, 1, 0.0, INPUT), (0, 0, offset, OUTPUT)):
                centres = start + np.arange(weights.shape[size])
                axes.scatter(centres, np.full(centres.size, height), s=90, color=colour, zorder=2)
            axes.set_title(title, loc="left")
            axes.set(ylim=(-0.25, 1.25))
            axes.axis("off")
    return Figure(figure, alt)


def _guide(axes: Axes, axis: Literal["x", "y"]) -> None:
    axes.grid(axis=axis, color=MUTED, alpha=0.25, linewidth=0.8)


def _at_most_three(name: str, labels: Sized) -> None:
    number = len(labels)
    if not 1 <= number <= len(_COMPARED):
        raise ValueError(f"{name}: expected one to {len(_COMPARED)} labels, got {number}")


def _floats(name: str, values: ArrayLike, *, ndim: int | tuple[int, ...]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    ranks = (ndim,) if isinstance(ndim, int) else ndim
    if array.size == 0 or array.ndim not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(f"{name}: expected a filled array of rank {wanted}, got shape {array.shape}")
    return array
