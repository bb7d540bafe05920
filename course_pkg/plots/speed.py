"""Figures of training speed: how many images a second, and which part of a step takes how long.

Their alternative text says every number.
"""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from course_pkg._validate import choice
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, PAPER, SECOND, TEXT, Figure, drawing

# in the order of a step; a part keeps its colour, and neighbours differ by hatching as well
_PARTS = {
    "data": (INPUT, ""),
    "augmentation": (SECOND, "////"),
    "forward": (OUTPUT, ""),
    "backward": (KERNEL, "\\\\\\\\"),
    "optimiser": (MUTED, ""),
    "rest": (TEXT, "...."),
}


def rate_bars(panels: Mapping[str, Mapping[str, float]], *, ours: Sequence[str] = (), unit: str) -> Figure:
    """Draw rates as bars, longer is better; each panel has a scale of its own.

    Parameters
    ----------
    panels : mapping of title to mapping of label to float
        The rates.
    ours : sequence of str
        Labels whose bars stand out.
    unit : str
        What is counted, such as "images a second".

    Raises
    ------
    ValueError
        If there is nothing to draw.

    Examples
    --------
    >>> rate_bars({"LeNet": {"plain loop": 500.0, "ours": 1234.5}}, ours=["ours"], unit="images a second")
    Figure: Bars of images a second. LeNet: plain loop 500, ours 1,230.
    """
    heights = _bars(panels)
    tall = 0.45 * sum(heights) + 0.4 * len(panels) + 0.3
    with drawing(len(panels), 1, height=tall, height_ratios=heights) as (figure, grid):
        for axes, (title, rates) in zip(grid, panels.items(), strict=True):
            for row, (label, rate) in enumerate(rates.items()):
                axes.barh(row + 0.22, rate, height=0.34, color=OUTPUT if label in ours else MUTED)
                _label(axes, row - 0.02, f"{label}: {_short(rate)}")
            axes.set(xticks=[], yticks=[], ylim=(len(rates) - 0.5, -0.65), xlim=(0, None))
            axes.set_title(title, loc="left", fontweight="bold")
            axes.spines["bottom"].set_visible(False)
        grid[-1].set_xlabel(unit)
    said = [
        f"{title}: " + ", ".join(f"{label} {_short(rate)}" for label, rate in rates.items()) + "."
        for title, rates in panels.items()
    ]
    return Figure(figure, f"Bars of {unit}. {' '.join(said)}")


def part_bars(panels: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Figure:
    """Draw how long each part of a training step takes, the parts end to end; each panel has its own scale.

    Parameters
    ----------
    panels : mapping of title to mapping of label to mapping of part to float
        Milliseconds; parts are "data", "augmentation", "forward", "backward", "optimiser" and "rest".

    Raises
    ------
    ValueError
        If there is nothing to draw, or there is no such part.

    Examples
    --------
    >>> part_bars({"LeNet": {"ours": {"data": 1.0, "forward": 5.0, "backward": 9.0}}})
    Figure: Parts of a step, in milliseconds. LeNet, ours: data 1, forward 5, backward 9, in all 15.
    """
    heights, said = _bars(panels), []
    tall = 0.5 * sum(heights) + 0.75 * len(panels) + 0.5
    with drawing(len(panels), 1, height=tall, height_ratios=heights) as (figure, grid):
        for axes, (title, steps) in zip(grid, panels.items(), strict=True):
            for row, (label, parts) in enumerate(steps.items()):
                for part in parts:
                    choice(f"panels[{title!r}]", part, _PARTS)
                left = 0.0
                for part, (colour, hatch) in _PARTS.items():
                    axes.barh(
                        row + 0.2, parts.get(part, 0.0), left=left, height=0.38, color=colour, hatch=hatch,
                        edgecolor=PAPER, linewidth=0.3, label=part,
                    )  # fmt: skip
                    left += parts.get(part, 0.0)
                _label(axes, row - 0.05, f"{label}: {_short(left)} ms")
                each = ", ".join(f"{part} {_short(time)}" for part, time in parts.items())
                said.append(f"{title}, {label}: {each}, in all {_short(left)}.")
            axes.set(yticks=[], ylim=(len(steps) - 0.5, -0.65), xlim=(0, None))
            axes.set_title(title, loc="left", fontweight="bold")
        grid[-1].set_xlabel("milliseconds a step")
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(
            handles[: len(_PARTS)], labels[: len(_PARTS)], loc="outside upper center", ncols=3,
            handletextpad=0.4, columnspacing=1.2,
        )  # fmt: skip
    return Figure(figure, f"Parts of a step, in milliseconds. {' '.join(said)}")


def _bars(panels: Mapping[str, Mapping[str, object]]) -> list[int]:
    """How many bars each panel has."""
    if not panels or not all(panels.values()):
        raise ValueError(f"panels: got {dict(panels)}, expected at least one, with at least one bar each")
    return [len(bars) for bars in panels.values()]


def _label(axes: Axes, row: float, text: str) -> None:
    axes.annotate(text, (0, row), (3, 0), textcoords="offset points", va="bottom", color=TEXT)


def _short(value: float) -> str:
    """A number with three digits."""
    return f"{float(f'{value:.3g}'):,g}"
