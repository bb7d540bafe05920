"""Figures of the convolution layer's relatives: who sees which channels and pixels, at what cost."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import flag, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, Figure, drawing
from course_pkg.plots.interactive import Interactive

Values = NDArray[np.float64]


def channel_links(panels: Mapping[str, Sequence[ArrayLike]], *, output: int = 0, alt: str) -> Figure:
    """Draw which channels feed which, for layers of one step or of several, inputs above, outputs below.

    Parameters
    ----------
    panels : mapping of title to sequence of array_like, shape (channels out, channels in)
        The steps of each layer in order; an entry that is not zero is a link.
    output : int
        The output channel whose links are pointed out.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a step is not an array of numbers.
    ValueError
        If there is no layer, one has no step, two steps do not fit, or `output` is not one of the channels.

    Examples
    --------
    >>> channel_links({"depthwise": [np.eye(3)]}, alt="Three channels, each linked with itself.")
    Figure: Three channels, each linked with itself.
    """
    if not panels or not all(len(steps) for steps in panels.values()):
        raise ValueError(f"panels: got {dict(panels)}, expected at least one layer of at least one step")
    rows = -(-len(panels) // 2)
    tallest = max(len(steps) for steps in panels.values())
    with drawing(rows, 2, height=rows * (0.75 * tallest + 0.45)) as (figure, grid):
        for axes, (title, steps) in zip(grid, panels.items(), strict=False):
            links = [signal(f"panels[{title!r}]", step, ndim=2) for step in steps]
            if not 0 <= output < len(links[-1]):
                raise ValueError(f"output: got {output}, expected 0 to {len(links[-1]) - 1}")
            _link(axes, links, output)
            axes.set_title(title, loc="left", pad=3)
            axes.set_ylim(-tallest - 0.2, 0.2)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def _link(axes: Axes, steps: list[Values], output: int) -> None:
    for upper, lower in pairwise(steps):
        if upper.shape[0] != lower.shape[1]:
            raise ValueError(f"panels: got steps of shapes {upper.shape} and {lower.shape}, which do not fit")
    heard = {output}
    for i in reversed(range(len(steps))):
        below, above = steps[i].shape
        shift = (steps[0].shape[1] - np.array([below, above]) + 1) / 2
        before = set()
        for m, n in zip(*np.nonzero(steps[i]), strict=True):
            ends = [n + shift[1], m + shift[0]], [-i, -i - 1]
            axes.plot(*ends, color=MUTED, linewidth=0.6, zorder=1)
            if m in heard:
                axes.plot(*ends, color=KERNEL, linewidth=1.8, zorder=2)
                before.add(int(n))
        colour = OUTPUT if i == len(steps) - 1 else SECOND
        axes.scatter(np.arange(below) + shift[0], np.full(below, -i - 1), s=70, color=colour, zorder=3)
        heard = before
    axes.scatter(np.arange(steps[0].shape[1]) + 0.5, np.zeros(steps[0].shape[1]), s=70, color=INPUT, zorder=3)
    axes.set_xlim(-0.2, steps[0].shape[1] + 0.2)


def footprints(panels: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw which pixels an output sees: the more ways lead from a pixel to it, the darker.

    Parameters
    ----------
    panels : mapping of title to array_like, shape (H, W)
        For each layer and each input pixel around the output, the number of ways, 0 or more.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a panel is not an array of numbers.
    ValueError
        If there is no panel, a number is negative, or a panel is not of rank 2.

    Examples
    --------
    >>> footprints({"cross": [[0, 1, 0], [1, 1, 1], [0, 1, 0]]}, alt="Five pixels in a cross are seen.")
    Figure: Five pixels in a cross are seen.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one")
    counts = {title: signal(f"panels[{title!r}]", ways, ndim=2) for title, ways in panels.items()}
    rows = -(-len(counts) // 2)
    ratio = max(ways.shape[0] / ways.shape[1] for ways in counts.values())
    with drawing(rows, 2, height=rows * (2.2 * ratio + 0.3)) as (figure, grid):
        for axes, (title, ways) in zip(grid, counts.items(), strict=False):
            if ways.min() < 0:
                raise ValueError(f"panels[{title!r}]: got {ways.min():g}, expected no negative number")
            axes.add_patch(Rectangle((0, 0), *ways.shape[::-1], fill=False, linewidth=0.8, edgecolor=MUTED))
            for i, j in zip(*np.nonzero(ways), strict=True):
                strength = 0.3 + 0.7 * ways[i, j] / ways.max()
                axes.add_patch(Rectangle((j + 0.06, i + 0.06), 0.88, 0.88, facecolor=(KERNEL, strength)))
            axes.set(xlim=(-0.1, ways.shape[1] + 0.1), ylim=(ways.shape[0] + 0.1, -0.1), aspect="equal")
            axes.set_title(title, pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def relative_costs(costs: Mapping[str, Mapping[str, float]], *, alt: str) -> Figure:
    """Draw what layers cost, as multiples of the layer they replace, on a logarithmic scale.

    Parameters
    ----------
    costs : mapping of layer to mapping of kind to float
        For each layer its cost of up to four kinds, 1 for as much as the layer it replaces; a kind that is
        not known of a layer may be missing.
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, a cost is not positive, or there are more than four kinds.

    Examples
    --------
    >>> costs = {"1×1": {"work": 1 / 9, "time": 1 / 6}}
    >>> relative_costs(costs, alt="A ninth of the work, a sixth of the time.")
    Figure: A ninth of the work, a sixth of the time.
    """
    kinds = list(dict.fromkeys(kind for row in costs.values() for kind in row))
    if not 1 <= len(kinds) <= 4:
        raise ValueError(f"costs: got {len(kinds)} kinds, expected one to four")
    if min(value for row in costs.values() for value in row.values()) <= 0:
        raise ValueError("costs: got one that is not positive, expected multiples above 0")
    marks = dict(zip(kinds, [(INPUT, "o"), (OUTPUT, "s"), (SECOND, "^"), (KERNEL, "v")], strict=False))
    with drawing(height=0.42 * len(costs) + 1.0) as (figure, [axes]):
        axes.axvline(1, color=MUTED, linewidth=1.2)
        for row, values in enumerate(costs.values()):
            axes.plot([min(values.values()), max(values.values())], [row, row], color=MUTED, linewidth=0.8)
            for kind, value in values.items():
                colour, mark = marks[kind]
                axes.plot(value, row, mark, color=colour, ms=7, label=kind if row == 0 else None)
        axes.set(xscale="log", yticks=range(len(costs)), ylim=(len(costs) - 0.5, -0.5))
        axes.set_yticklabels(list(costs))
        axes.xaxis.set_major_locator(FixedLocator([1 / 64, 1 / 16, 1 / 4, 1, 4, 16, 64, 256, 1024]))
        names = FuncFormatter(lambda value, _: f"×{value:g}" if value >= 1 else f"÷{1 / value:.0f}")
        axes.xaxis.set_major_formatter(names)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(axis="x", color=MUTED, alpha=0.25, linewidth=0.8)
        figure.legend(loc="outside upper center", ncols=len(kinds), handletextpad=0.2, columnspacing=1.2)
    return Figure(figure, alt)


def separable_explorer(
    channels: int, groups: int, kernel: int, side: int, *, pointwise: bool, still: Figure
) -> Interactive:
    """Layers in groups, to count and to follow; live in `book/_static/figures/separable_explorer.js`.

    Parameters
    ----------
    channels : int
        Channels in, and as many out.
    groups : int
        Groups of the layer; must divide `channels`.
    kernel, side : int
        Kernel size, and pixels along a side of the map.
    pointwise : bool
        Whether a 1×1 layer over all channels follows.
    still : Figure
        What is shown where JavaScript does not run.

    Raises
    ------
    TypeError
        If a number is not an integer, or `pointwise` not a bool.
    ValueError
        If a number is less than 1, or `groups` does not divide `channels`.

    Examples
    --------
    >>> picture = channel_links({"depthwise": [np.eye(4)]}, alt="Four channels, each linked with itself.")
    >>> separable_explorer(4, 4, 3, 8, pointwise=False, still=picture).settings["groups"]
    4
    """
    sizes = {"channels": channels, "groups": groups, "kernel": kernel, "side": side}
    settings: dict[str, int | bool] = {name: positive_int(name, size) for name, size in sizes.items()}
    if channels % groups:
        raise ValueError(f"groups: got {groups}, expected a divisor of channels={channels}")
    settings |= {"pointwise": flag("pointwise", pointwise), "output": 0}
    return Interactive("separable_explorer", settings, still)
