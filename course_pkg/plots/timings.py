"""Figures of measured times: bars for one job, several methods on several jobs, and growth with size."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator
from numpy.typing import ArrayLike

from course_pkg._validate import signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing

# a method keeps colour and mark in all figures that are given the methods in the same order
_STYLES = [(MUTED, "s"), (SECOND, "^"), (KERNEL, "v"), (OUTPUT, "D"), (INPUT, "o"), (TEXT, "*")]


def time_bars(seconds: Mapping[str, float], *, alt: str) -> Figure:
    """Draw how long one job takes in several ways, as bars on a logarithmic scale with the time beside each.

    Parameters
    ----------
    seconds : mapping of str to float
        Label and time of each way.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, or a time is not positive.

    Examples
    --------
    >>> time_bars({"slow": 30.0, "fast": 0.002}, alt="Thirty seconds against two milliseconds.")
    Figure: Thirty seconds against two milliseconds.
    """
    _positive("seconds", seconds)
    start = 10 ** np.floor(np.log10(min(seconds.values()))) / 10
    with drawing(height=0.5 + 0.5 * len(seconds)) as (figure, [axes]):
        for row, (label, time) in enumerate(seconds.items()):
            axes.barh(row + 0.2, time - start, left=start, height=0.36, color=INPUT)
            axes.text(start * 1.15, row - 0.05, f"{label}: {_short(time)}", va="bottom", color=TEXT)
        axes.set(xscale="log", yticks=[], ylim=(len(seconds) - 0.5, -0.65), xlim=(start, None))
        axes.spines["left"].set_visible(False)
        _clock(axes, "x")
    return Figure(figure, alt)


def job_times(jobs: Mapping[str, Mapping[str, float]], *, methods: Sequence[str], alt: str) -> Figure:
    """Draw how long several methods take for several jobs, on a logarithmic scale of time.

    Parameters
    ----------
    jobs : mapping of str to mapping of str to float
        For each job the seconds that each method took; a method may be missing.
    methods : sequence of str
        The methods in the order of the legend, at most six.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, a time is not positive, or there are more than six methods.

    Examples
    --------
    >>> jobs = {"small": {"loops": 0.1, "fast": 0.01}, "large": {"fast": 0.3}}
    >>> job_times(jobs, methods=["loops", "fast"], alt="Loops are ten times as slow on the small job.")
    Figure: Loops are ten times as slow on the small job.
    """
    styles = _styles(methods)
    for name, times in jobs.items():
        _positive(f"jobs[{name!r}]", times)
    with drawing(height=3.9) as (figure, [axes]):
        for method in methods:
            at = [i for i, times in enumerate(jobs.values()) if method in times]
            taken = [times[method] for times in jobs.values() if method in times]
            axes.plot(at, taken, label=method, **styles[method], linewidth=1.0)
        axes.set(yscale="log", xticks=range(len(jobs)), xticklabels=list(jobs), ylabel="time")
        axes.margins(x=0.06)
        _clock(axes, "y")
        figure.legend(loc="outside upper center", ncols=4, handletextpad=0.4, columnspacing=1.2)
    return Figure(figure, alt)


def growth(
    panels: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]], *, methods: Sequence[str], alt: str
) -> Figure:
    """Draw how time grows with size, both on a logarithmic scale: a power law is a straight line.

    Parameters
    ----------
    panels : mapping of str to mapping of str to (array_like, array_like), shape (sizes,) each
        For each quantity that grows, and for each method, the sizes and the seconds.
    methods : sequence of str
        The methods in the order of the legend, at most six.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, a size or time is not positive, sizes and times are not equally many, or
        there are more than six methods.

    Examples
    --------
    >>> curves = {"loops": ([1, 2, 4], [1, 4, 16])}
    >>> growth({"side": curves}, methods=["loops"], alt="Time grows as the square of the side.")
    Figure: Time grows as the square of the side.
    """
    styles = _styles(methods)
    if not panels:
        raise ValueError("panels: got none, expected at least one")
    rows = -(-len(panels) // 2)
    with drawing(rows, 2, height=0.6 + 2.3 * rows, sharey=True) as (figure, grid):
        for axes, (title, curves) in zip(grid, panels.items(), strict=False):
            for method in [method for method in methods if method in curves]:
                sizes, seconds = (signal(f"panels[{title!r}]", values, ndim=1) for values in curves[method])
                if sizes.shape != seconds.shape or min(sizes.min(), seconds.min()) <= 0:
                    raise ValueError(
                        f"panels[{title!r}][{method!r}]: got {sizes} and {seconds}, "
                        "expected as many positive times as sizes"
                    )
                axes.plot(sizes, seconds, label=method, **styles[method], linewidth=1.0)
            axes.set(xscale="log", yscale="log")
            axes.set_title(title, loc="left")
            largest = max(np.max(sizes) for sizes, _ in curves.values())
            ticks = [size for size in (1, 4, 16, 64, 256) if size <= largest]
            axes.xaxis.set_major_locator(FixedLocator(ticks))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:g}"))
            axes.xaxis.set_minor_locator(NullLocator())
            _clock(axes, "y")
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        handles = {
            label: handle
            for axes in grid
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        shown = [method for method in methods if method in handles]
        figure.legend(
            [handles[method] for method in shown], shown, loc="outside upper center", ncols=4,
            handletextpad=0.4, columnspacing=1.2,
        )  # fmt: skip
    return Figure(figure, alt)


def _clock(axes: Axes, name: Literal["x", "y"]) -> None:
    axis = axes.xaxis if name == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(10, numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda seconds, _: _short(seconds)))
    axis.set_minor_locator(NullLocator())
    axes.grid(axis=name, color=MUTED, alpha=0.25, linewidth=0.8)


def _short(seconds: float) -> str:
    """A time in the unit that suits it, to two digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{float(f'{seconds / size:.2g}'):g} {unit}"
    return f"{float(f'{seconds / 1e-6:.2g}'):g} µs"


def _styles(methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not 1 <= len(methods) <= len(_STYLES):
        raise ValueError(f"methods: got {len(methods)}, expected 1 to {len(_STYLES)}")
    return {
        method: {"color": colour, "marker": mark, "markersize": 6}
        for method, (colour, mark) in zip(methods, _STYLES, strict=False)
    }


def _positive(name: str, seconds: Mapping[str, float]) -> None:
    if not seconds or min(seconds.values()) <= 0:
        raise ValueError(f"{name}: got {dict(seconds)}, expected at least one positive time")
