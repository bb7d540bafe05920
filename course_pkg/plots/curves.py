"""Curves over training steps with their spread over seeds, rows of short signals, and banks of kernels."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, PercentFormatter
from numpy.typing import ArrayLike

from course_pkg._validate import positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, Figure, drawing

# two things compared: the first in green, the second in mauve, a third as a guide
_COMPARED = (OUTPUT, SECOND, MUTED)


def error_curves(steps: ArrayLike, panels: Mapping[str, Mapping[str, ArrayLike]], *, alt: str) -> Figure:
    """Draw error against training step: the mean over seeds as a line, the lowest to highest seed as a band.

    Parameters
    ----------
    steps : array, (records,)
        Training steps at which the errors were recorded, rising and at least 1; drawn on a log scale.
    panels : mapping of title to mapping of label to array, (seeds, records)
        One panel for each title, below each other; in it one curve for each label. Errors are fractions
        from 0 to 1. At most three curves to a panel; a label has the same colour in every panel.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If an array holds anything but numbers.
    ValueError
        If the steps do not rise from 1 or more, a curve has another number of records or another rank,
        an error lies outside 0 to 1, or there are no panels or more than three labels.

    Examples
    --------
    >>> errors = [[0.9, 0.5, 0.2], [0.8, 0.6, 0.3]]  # two seeds, three records
    >>> error_curves([1, 10, 100], {"test error": {"convnet": errors}}, alt="Both seeds fall to 0.3.")
    Figure: Both seeds fall to 0.3.
    """
    at = signal("steps", steps, ndim=1)
    if at[0] < 1 or np.any(np.diff(at) <= 0):
        raise ValueError(f"steps: got {at}, expected numbers that rise from 1 or more")
    labels = list(dict.fromkeys(label for curves in panels.values() for label in curves))
    if not panels or not 1 <= len(labels) <= len(_COMPARED):
        raise ValueError(f"panels: got the labels {labels}, expected one to three in at least one panel")
    with drawing(len(panels), height=0.5 + 2.1 * len(panels), sharex=True, sharey=True) as (figure, grid):
        for axes, (title, curves) in zip(grid, panels.items(), strict=True):
            for label, values in curves.items():
                errors = signal(f"panels[{title!r}][{label!r}]", values, ndim=2)  # (seeds, records)
                if errors.shape[1] != at.size or errors.min() < 0 or errors.max() > 1:
                    raise ValueError(
                        f"panels[{title!r}][{label!r}]: got shape {errors.shape} from {errors.min()} to "
                        f"{errors.max()}, expected fractions from 0 to 1 of shape (seeds, {at.size})"
                    )
                colour = _COMPARED[labels.index(label)]
                axes.fill_between(at, errors.min(axis=0), errors.max(axis=0), color=colour, alpha=0.25, lw=0)
                axes.plot(at, errors.mean(axis=0), color=colour, label=label)
            axes.set(title=title, ylabel="error", ylim=(-0.02, 1), xscale="log")
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
            axes.legend(loc="upper right")
        grid[-1].xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
        grid[-1].xaxis.set_minor_formatter(NullFormatter())
        grid[-1].set_xlabel("training step")
    return Figure(figure, alt)


def signal_rows(panels: Mapping[str, ArrayLike], *, columns: int = 1, alt: str) -> Figure:
    """Draw short signals as small multiples, with the same vertical scale throughout.

    Parameters
    ----------
    panels : mapping of title to array, (positions,) or (examples, positions)
        One panel for each title; the examples of a panel are drawn over each other in blue, those after the
        first one paler.
    columns : int
        How many panels stand side by side.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If a signal holds anything but numbers, or `columns` is not an integer.
    ValueError
        If there are no panels, `columns` is not positive, or a signal is empty or has another rank.

    Examples
    --------
    >>> signal_rows({"a bump": [0, 1, 0], "a step": [0, 0, 1]}, alt="A bump and a step, three samples each.")
    Figure: A bump and a step, three samples each.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one signal")
    rows = -(-len(panels) // positive_int("columns", columns))
    signals = {title: signal(f"panels[{title!r}]", values, ndim=(1, 2)) for title, values in panels.items()}
    alike = len({values.shape[-1] for values in signals.values()}) == 1  # then one axis serves a whole column
    with drawing(rows, columns, height=0.45 + (0.85 if alike else 1.0) * rows, sharey=True) as (figure, grid):
        for axes, (title, values) in zip(grid, signals.items(), strict=False):
            for i, example in enumerate(np.atleast_2d(values)):
                axes.plot(example, color=INPUT, alpha=0.9 if i == 0 else 0.4, linewidth=1.5)
            axes.set_title(title, loc="left", pad=2)
            axes.set(yticks=[0])
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
            axes.tick_params(labelbottom=not alike or axes in grid[-columns:])
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        figure.supxlabel("position n", fontsize=10)
    return Figure(figure, alt)


def kernel_bank(kernels: ArrayLike, titles: Sequence[str], *, columns: int = 5, alt: str) -> Figure:
    """Draw a bank of kernels as bars, one small panel each, with the same vertical scale throughout.

    Parameters
    ----------
    kernels : array, (channels, K)
        The taps of each kernel.
    titles : sequence of str
        One title for each kernel.
    columns : int
        How many panels stand side by side.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If `kernels` holds anything but numbers, or `columns` is not an integer.
    ValueError
        If `kernels` has another rank or is empty, `columns` is not positive, or the titles are not as
        many as the kernels.

    Examples
    --------
    >>> kernel_bank([[1, 1, 1], [1, 0, -1]], ["sum", "difference"], alt="A box, and a fall from 1 to -1.")
    Figure: A box, and a fall from 1 to -1.
    """
    taps = signal("kernels", kernels, ndim=2)
    if len(titles) != len(taps):
        raise ValueError(f"titles: got {len(titles)}, expected {len(taps)}, one for each kernel")
    rows = -(-len(taps) // positive_int("columns", columns))
    with drawing(rows, columns, height=0.3 + 1.0 * rows, sharex=True, sharey=True) as (figure, grid):
        for axes, w, title in zip(grid, taps, titles, strict=False):
            axes.bar(np.arange(w.size), w, color=KERNEL, width=0.7)
            axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.set_title(title, fontsize=9, pad=2)
            axes.set(xticks=np.arange(w.size), yticks=[0])
        for axes in grid[len(taps) :]:
            axes.set_visible(False)
        figure.supxlabel("tap k", fontsize=10)
    return Figure(figure, alt)


def sparse_matrix(matrix: ArrayLike, *, rows_of: int, alt: str) -> Figure:
    """Draw a weight matrix that is mostly zeros: zeros stay empty, the rest is blue above 0 and red below.

    Parameters
    ----------
    matrix : array, (outputs, inputs)
        The weights; drawn with one row for each output.
    rows_of : int
        A thin line is drawn after each so many rows, to mark the channels.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If `matrix` holds anything but numbers, or `rows_of` is not an integer.
    ValueError
        If `matrix` has another rank or is empty, or `rows_of` does not divide its rows.

    Examples
    --------
    >>> sparse_matrix([[1, -1, 0], [0, 1, -1]], rows_of=1, alt="Two rows, the second one step to the right.")
    Figure: Two rows, the second one step to the right.
    """
    weights = signal("matrix", matrix, ndim=2)
    outputs, inputs = weights.shape
    if outputs % positive_int("rows_of", rows_of):
        raise ValueError(f"rows_of: got {rows_of}, expected a divisor of the {outputs} rows")
    with drawing(height=3.4) as (figure, [axes]):
        for sign, colour in ((1, INPUT), (-1, KERNEL)):
            row, column = np.nonzero(sign * weights > 0)
            axes.bar(column, np.ones(row.size), bottom=row - 0.5, width=1.0, color=colour, linewidth=0)
        for edge in range(rows_of, outputs, rows_of):
            axes.axhline(edge - 0.5, color=MUTED, linewidth=0.5)
        axes.set(xlim=(-0.5, inputs - 0.5), ylim=(outputs - 0.5, -0.5))
        axes.set(xlabel="input position", ylabel="output unit")
    return Figure(figure, alt)
