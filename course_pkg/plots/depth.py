"""Figures of deep networks: stacks of kernels, where the cost lies, errors by depth, signals on the way."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter
from numpy.typing import ArrayLike

from course_pkg._validate import integers, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing
from course_pkg.plots.interactive import Interactive

_STYLES = [(OUTPUT, "-"), (SECOND, "--"), (INPUT, "-."), (KERNEL, ":")]


class Result(NamedTuple):
    """A network's published error: its name, the year, its layers with weights, and the error in per cent."""

    name: str
    year: int
    depth: int
    single: float
    """Top-5 error of one network, in per cent."""
    several: float
    """Top-5 error of several networks averaged, in per cent."""


def stacks(panels: Mapping[str, Sequence[int]], *, alt: str) -> Figure:
    """Draw stacks of layers as cross-sections: one output on top, below it all that it sees.

    Parameters
    ----------
    panels : mapping of title to sequence of int
        For each stack the kernel sizes of its layers, from the input upwards; odd, stride 1.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a kernel size is not an integer.
    ValueError
        If there is no stack, one has no layer, or a kernel size is less than 1 or even.

    Examples
    --------
    >>> stacks({"two of 3": [3, 3]}, alt="An output that sees three units, and through them five inputs.")
    Figure: An output that sees three units, and through them five inputs.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one stack")
    kernels = {title: _kernels(f"panels[{title!r}]", layers) for title, layers in panels.items()}
    tallest = max(map(len, kernels.values()))
    widest = max(sum(layers) - len(layers) + 1 for layers in kernels.values())
    unit = 5.0 / len(kernels) / (widest + 1)  # inches
    with drawing(1, len(kernels), height=0.4 + unit * (1 + 1.7 * tallest)) as (figure, grid):
        for axes, (title, layers) in zip(grid, kernels.items(), strict=True):
            _pyramid(axes, layers)
            axes.set_title(title, pad=3)
            axes.set(xlim=(-widest / 2 - 0.3, widest / 2 + 0.3), ylim=(-0.6, 1.7 * tallest + 0.6))
            axes.set_aspect("equal")
            axes.axis("off")
    return Figure(figure, alt)


def _kernels(name: str, layers: Sequence[int]) -> tuple[int, ...]:
    sizes = integers(name, tuple(layers), rank=len(layers), minimum=1)
    if not sizes or any(size % 2 == 0 for size in sizes):
        raise ValueError(f"{name}: got {sizes}, expected at least one kernel size, all odd")
    return sizes


def _pyramid(axes: Axes, kernels: tuple[int, ...]) -> None:
    width = 1
    for row in range(len(kernels), -1, -1):
        colour = OUTPUT if row == len(kernels) else SECOND if row else INPUT
        corners = np.arange(width) - width / 2
        for left in corners:
            box = Rectangle((left + 0.06, 1.7 * row - 0.44), 0.88, 0.88, facecolor=(colour, 0.45))
            axes.add_patch(box)
        if row:
            reach = width + kernels[row - 1] - 1
            for side in (-1, 1):
                ends = [side * width / 2, side * reach / 2], [1.7 * row - 0.5, 1.7 * (row - 1) + 0.5]
                axes.plot(*ends, color=KERNEL, linewidth=1.3)
            width = reach


def layer_bars(columns: Mapping[str, Mapping[str, float]], *, alt: str) -> Figure:
    """Draw what each layer has of several quantities, as a share of the whole: one row a layer.

    Parameters
    ----------
    columns : mapping of quantity to mapping of layer to float
        One to three quantities, side by side, each with the same layers in the same order; none negative.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, there are more than three quantities, their layers differ, or a number
        is negative, or all are 0.

    Examples
    --------
    >>> layer_bars({"parameters": {"conv": 1, "full": 9}}, alt="Nine tenths lie in the second layer.")
    Figure: Nine tenths lie in the second layer.
    """
    layers = list(next(iter(columns.values()), {}))
    if not layers or not 1 <= len(columns) <= 3 or any(list(each) != layers for each in columns.values()):
        raise ValueError(f"columns: got {dict(columns)}, expected one to three with the same layers in each")
    colours = (KERNEL, OUTPUT, INPUT)
    with drawing(1, len(columns), height=0.7 + 0.2 * len(layers), sharey=True) as (figure, grid):
        for axes, (title, values), colour in zip(grid, columns.items(), colours, strict=False):
            amounts = np.array(list(values.values()), float)
            if amounts.min() < 0 or amounts.sum() == 0:
                raise ValueError(f"columns[{title!r}]: got {amounts}, expected none below 0, and not all 0")
            axes.barh(range(len(layers)), amounts / amounts.sum(), color=colour, height=0.75)
            axes.set_title(title, loc="left", pad=3)
            axes.set(yticks=range(len(layers)), yticklabels=layers, ylim=(len(layers) - 0.4, -0.6))
            axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
            axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.grid(axis="x", color=MUTED, alpha=0.25, linewidth=0.8)
            axes.tick_params(axis="y", length=0)
        figure.supxlabel("share of the whole network", fontsize=10)
    return Figure(figure, alt)


def error_by_depth(results: Sequence[Result], *, alt: str) -> Figure:
    """Draw published errors against the number of layers, one network and several averaged.

    Parameters
    ----------
    results : sequence of Result
        The networks, in the order of their depth.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is none, a depth is less than 1 or the depths fall, or an error is not a percentage.

    Examples
    --------
    >>> two = [Result("A", 2012, 8, 18.2, 16.4), Result("B", 2014, 19, 7.1, 6.8)]
    >>> error_by_depth(two, alt="From eight layers to nineteen the error falls to less than half.")
    Figure: From eight layers to nineteen the error falls to less than half.
    """
    depths = [result.depth for result in results]
    if not results or min(depths) < 1 or depths != sorted(depths):
        raise ValueError(f"results: got depths {depths}, expected at least one, from 1 and rising")
    if not all(0 <= error <= 100 for result in results for error in (result.single, result.several)):
        raise ValueError("results: got an error outside 0 to 100, expected percentages")
    with drawing(len(results), height=0.9 + 0.62 * len(results), sharex=True) as (figure, grid):
        for axes, result in zip(grid, results, strict=True):
            for row, (error, colour, mark) in enumerate(
                [(result.single, OUTPUT, "o"), (result.several, SECOND, "s")]
            ):
                axes.barh(row, error, height=0.12, color=colour, alpha=0.5)
                axes.plot(error, row, mark, color=colour, markersize=7)
                axes.text(error + 0.6, row, f"{error:g} %", va="center", fontsize=9, color=TEXT)
            title = f"{result.year}: {result.name}, {result.depth} layers"
            axes.set_title(title, loc="left", pad=2)
            axes.set(yticks=[], ylim=(1.6, -0.6), xlim=(0, 21))
            axes.spines["left"].set_visible(False)
            axes.spines["bottom"].set_visible(axes is grid[-1])
            axes.tick_params(axis="x", length=4 if axes is grid[-1] else 0)
        for label, colour, mark in (("one network", OUTPUT, "o"), ("several, averaged", SECOND, "s")):
            grid[0].plot([], [], mark, color=colour, markersize=7, label=label)
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
        grid[-1].set_xlabel("top-5 error on ImageNet, %")
    return Figure(figure, alt)


def along_depth(curves: Mapping[str, ArrayLike], *, xlabel: str, ylabel: str, alt: str) -> Figure:
    """Draw a positive quantity from layer to layer, on a logarithmic scale.

    Parameters
    ----------
    curves : mapping of label to array_like, shape (layers,)
        One to four curves; the first value of each belongs to layer 1.
    xlabel, ylabel : str
        What the axes say.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a curve holds anything but numbers.
    ValueError
        If there are not one to four curves, or a value is not positive.

    Examples
    --------
    >>> along_depth({"a": [1, 0.5, 0.25]}, xlabel="layer", ylabel="size", alt="It halves with each layer.")
    Figure: It halves with each layer.
    """
    if not 1 <= len(curves) <= len(_STYLES):
        raise ValueError(f"curves: got {len(curves)} curves, expected one to {len(_STYLES)}")
    with drawing(height=3.0) as (figure, [axes]):
        for (label, values), (colour, line) in zip(curves.items(), _STYLES, strict=False):
            curve = signal(f"curves[{label!r}]", values, ndim=1)
            if not (curve > 0).all():
                raise ValueError(f"curves[{label!r}]: got {curve.min()}, expected positive numbers only")
            axes.plot(np.arange(1, curve.size + 1), curve, line, color=colour, label=label)
        axes.set(yscale="log", xlabel=xlabel, ylabel=ylabel)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        low, high = (np.log10(value) for value in axes.get_ylim())
        step = max(1, round((high - low) / 6))
        powers = np.arange(np.floor(low), np.ceil(high) + 1, step)
        axes.yaxis.set_major_locator(FixedLocator((10.0**powers).tolist()))
        axes.yaxis.set_major_formatter(FuncFormatter(_power))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
        figure.legend(loc="outside upper center", ncols=3 if len(curves) == 3 else 2)
    return Figure(figure, alt)


def _power(value: float, _: int) -> str:
    power = round(np.log10(value))
    return f"{value:g}" if -3 < power < 4 else f"$10^{{{power}}}$"


def stack_explorer(
    left: tuple[int, int], right: tuple[int, int], *, channels: int, side: int, still: Figure
) -> Interactive:
    """Two stacks of layers to compare; live in `book/_static/figures/stack_explorer.js`.

    Parameters
    ----------
    left, right : (int, int)
        Each stack to start with: its layers and their kernel size, an odd number.
    channels, side : int
        Channels of every layer, and positions along a side of its map.
    still : Figure
        What is shown where JavaScript does not run.

    Raises
    ------
    TypeError
        If a number is not an integer.
    ValueError
        If a number is less than 1, or a kernel size is even.

    Examples
    --------
    >>> picture = stacks({"one of 5": [5], "two of 3": [3, 3]}, alt="Both outputs see five inputs.")
    >>> stack_explorer((1, 5), (2, 3), channels=64, side=56, still=picture).settings["layersB"]
    2
    """
    settings = {"channels": positive_int("channels", channels), "side": positive_int("side", side), "row": 0}
    for name, letter, given in (("left", "A", left), ("right", "B", right)):
        layers, kernel = integers(name, given, rank=2, minimum=1)
        _kernels(name, [kernel] * layers)
        settings |= {f"layers{letter}": layers, f"kernel{letter}": kernel}
    return Interactive("stack_explorer", settings, still)
