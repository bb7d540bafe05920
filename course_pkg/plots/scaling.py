"""Figures of training on several GPUs: a ring that adds up, one step on the clock, steps on more and more."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter
from numpy.typing import ArrayLike

from course_pkg._validate import has_shape, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing


class Span(NamedTuple):
    """Something that takes from one time to another."""

    name: str
    """What is drawn on it where there is room."""
    start: float
    """In milliseconds."""
    end: float
    """In milliseconds."""


def ring(held: Sequence[ArrayLike], *, titles: Sequence[str], alt: str) -> Figure:
    """Draw how many processes' numbers are in each chunk of each process, round after round.

    Parameters
    ----------
    held : sequence of array_like, shape (processes, chunks)
        For each moment how many summands each process has of each chunk.
    titles : sequence of str
        One for each moment.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, the tables differ in shape, or there is not one title for each.

    Examples
    --------
    >>> tables = [[[1, 1], [1, 1]], [[1, 2], [2, 1]]]
    >>> ring(tables, titles=["start", "round 1"], alt="Two of four chunks are summed up.")
    Figure: Two of four chunks are summed up.
    """
    if not held or len(held) != len(titles):
        raise ValueError(f"titles: got {len(titles)} for {len(held)} moments, expected one for each")
    tables = [signal(f"held[{i}]", table, ndim=2) for i, table in enumerate(held)]
    processes, chunks = tables[0].shape
    columns = min(4, len(tables))
    rows = -(-len(tables) // columns)
    with drawing(rows, columns, height=0.35 + 1.55 * rows) as (figure, grid):
        for axes, title, table in zip(grid, titles, tables, strict=False):
            has_shape(title, table, (processes, chunks), "as in the first moment")
            for (process, chunk), count in np.ndenumerate(table):
                colour = OUTPUT if count == processes else INPUT
                strength = 0.85 if count == processes else 0.12 + 0.6 * (count - 1) / max(processes - 1, 1)
                axes.barh(process, 0.92, left=chunk - 0.46, height=0.92, color=(colour, strength))
                axes.text(chunk, process, f"{count:g}", ha="center", va="center_baseline", color=TEXT)
            axes.set(xlim=(-0.6, chunks - 0.4), ylim=(processes - 0.4, -0.6), aspect="equal")
            axes.set_title(title, pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def step_on_the_clock(computing: Sequence[Span], sending: Sequence[Span], *, alt: str) -> Figure:
    """Draw one training step of a process: what it computes above, what it sends below.

    Parameters
    ----------
    computing, sending : sequence of Span
        Parts of the step; a name ending in "′" is of the backward pass.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, or a part ends before it starts.

    Examples
    --------
    >>> step_on_the_clock([Span("conv1", 0, 2), Span("conv1′", 2, 6)], [Span("conv1", 6, 7)],
    ...                   alt="Six milliseconds of work and one of sending behind it.")
    Figure: Six milliseconds of work and one of sending behind it.
    """
    if not computing or not sending:
        raise ValueError("computing, sending: got nothing to draw, expected at least one part of each")
    end = max(span.end for span in (*computing, *sending))
    with drawing(height=1.9) as (figure, [axes]):
        for row, spans in enumerate((computing, sending)):
            for span in spans:
                if span.end < span.start:
                    raise ValueError(
                        f"{span.name}: got an end at {span.end}, expected none before {span.start}"
                    )
                colour = KERNEL if row else SECOND if span.name.endswith("′") else INPUT
                _box(axes, row, span, colour, end)
        axes.set(yticks=[0, 1], yticklabels=["computing", "sending"], ylim=(1.55, -0.55))
        axes.set(xlabel="time in a step (milliseconds)", xlim=(0, end * 1.02))
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return Figure(figure, alt)


def _box(axes: Axes, row: int, span: Span, colour: str, end: float) -> None:
    width = span.end - span.start
    axes.barh(row, width, left=span.start, height=0.62, color=(colour, 0.45), edgecolor=colour, linewidth=0.7)
    if width > 0.022 * len(span.name) * end:
        axes.text(span.start + width / 2, row, span.name, ha="center", va="center_baseline", fontsize=9)


def step_times(
    gpus: ArrayLike, *, compute: ArrayLike, communication: ArrayLike, overlapped: ArrayLike, alt: str
) -> Figure:
    """Draw how long a step takes on more and more GPUs, and of what it consists.

    Parameters
    ----------
    gpus : array_like, shape (n,)
        How many.
    compute, communication : array_like, shape (n,)
        Milliseconds of a step for each, one behind the other.
    overlapped : array_like, shape (n,)
        Milliseconds of a step in which gradients travel while others are still computed.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If they are not equally many, or a number is not positive where it must be.

    Examples
    --------
    >>> step_times([1, 2], compute=[3, 3], communication=[0, 1], overlapped=[3, 3.2],
    ...            alt="On two GPUs a step takes a little longer than on one.")
    Figure: On two GPUs a step takes a little longer than on one.
    """
    counts = signal("gpus", gpus, ndim=1)
    parts = {
        name: has_shape(name, signal(name, values, ndim=1), counts.shape, "one for each number of GPUs")
        for name, values in [
            ("compute", compute),
            ("communication", communication),
            ("overlapped", overlapped),
        ]
    }
    if counts.min() < 1 or parts["compute"].min() <= 0 or parts["communication"].min() < 0:
        raise ValueError("gpus, compute, communication: got numbers below 1 or 0, expected none")
    with drawing(height=3.3) as (figure, [axes]):
        at = np.arange(len(counts))
        axes.bar(at, parts["compute"], 0.62, color=(INPUT, 0.6), edgecolor=INPUT, label="computing")
        axes.bar(
            at,
            parts["communication"],
            0.62,
            bottom=parts["compute"],
            color=(KERNEL, 0.5),
            edgecolor=KERNEL,
            hatch="///",
            label="all-reduce behind it",
        )
        axes.plot(at, parts["overlapped"], "D-", color=OUTPUT, ms=5, label="overlapped")
        axes.axhline(parts["compute"][0], color=MUTED, linewidth=0.8, linestyle=":")
        axes.xaxis.set_major_locator(FixedLocator(at.tolist()))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([f"{count:g}" for count in counts])
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set(xlabel="GPUs", ylabel="milliseconds a step", ylim=(0, None))
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1.2)
    return Figure(figure, alt)
