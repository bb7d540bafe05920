"""Figures of training speed: how many images a second, and which part of a step takes how long."""

from collections.abc import Mapping, Sequence

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


def rate_bars(
    panels: Mapping[str, Mapping[str, float]], *, ours: Sequence[str] = (), unit: str, alt: str
) -> Figure:
    """Draw rates as bars, larger is better; each panel has a scale of its own.

    Parameters
    ----------
    panels : mapping of title to mapping of label to float
        The rates.
    ours : sequence of str
        Labels whose bars stand out.
    unit : str
        What is counted, such as "images a second".
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, or a rate is not positive.

    Examples
    --------
    >>> rates = {"LeNet": {"plain loop": 500.0, "ours": 900.0}}
    >>> rate_bars(rates, ours=["ours"], unit="images a second", alt="Ours is nearly twice as fast.")
    Figure: Ours is nearly twice as fast.
    """
    _positive(panels)
    heights = [len(rates) for rates in panels.values()]
    tall = 0.45 * sum(heights) + 0.4 * len(panels) + 0.3
    with drawing(len(panels), 1, height=tall, height_ratios=heights) as (figure, grid):
        for axes, (title, rates) in zip(grid, panels.items(), strict=True):
            for row, (label, rate) in enumerate(rates.items()):
                axes.barh(row + 0.22, rate, height=0.34, color=OUTPUT if label in ours else MUTED)
                axes.text(0, row - 0.02, f"{label}: {_three_digits(rate)}", va="bottom", color=TEXT)
            axes.set(xticks=[], yticks=[], ylim=(len(rates) - 0.5, -0.65), xlim=(0, None))
            axes.set_title(title, loc="left", fontweight="bold")
            axes.spines["bottom"].set_visible(False)
        grid[-1].set_xlabel(unit)
    return Figure(figure, alt)


def part_bars(panels: Mapping[str, Mapping[str, Mapping[str, float]]], *, alt: str) -> Figure:
    """Draw how long each part of a training step takes, as bars made of parts; each panel has its own scale.

    Parameters
    ----------
    panels : mapping of title to mapping of label to mapping of part to float
        Milliseconds; parts are "data", "augmentation", "forward", "backward", "optimiser" and "rest".
    alt : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is nothing to draw, or a part has another name.

    Examples
    --------
    >>> steps = {"LeNet": {"ours": {"data": 1.0, "forward": 5.0, "backward": 9.0}}}
    >>> part_bars(steps, alt="The way back takes longer than the way there.")
    Figure: The way back takes longer than the way there.
    """
    _positive(panels)
    heights = [len(steps) for steps in panels.values()]
    tall = 0.5 * sum(heights) + 0.75 * len(panels) + 0.5
    with drawing(len(panels), 1, height=tall, height_ratios=heights) as (figure, grid):
        for axes, (title, steps) in zip(grid, panels.items(), strict=True):
            for row, (label, parts) in enumerate(steps.items()):
                if unknown := parts.keys() - _PARTS.keys():
                    raise ValueError(
                        f"panels[{title!r}]: got {sorted(unknown)}, expected {', '.join(_PARTS)}"
                    )
                left = 0.0
                for part, (colour, hatch) in _PARTS.items():
                    width = parts.get(part, 0.0)
                    axes.barh(
                        row + 0.2, width, left=left, height=0.38, color=colour, hatch=hatch, edgecolor=PAPER,
                        linewidth=0.3, label=part,
                    )  # fmt: skip
                    left += width
                axes.text(0, row - 0.05, f"{label}: {_three_digits(left)} ms", va="bottom", color=TEXT)
            axes.set(yticks=[], ylim=(len(steps) - 0.5, -0.65), xlim=(0, None))
            axes.set_title(title, loc="left", fontweight="bold")
        grid[-1].set_xlabel("milliseconds a step")
        handles, labels = grid[0].get_legend_handles_labels()
        first = {label: handle for handle, label in zip(handles[::-1], labels[::-1], strict=True)}
        figure.legend(
            [first[part] for part in _PARTS], list(_PARTS), loc="outside upper center", ncols=3,
            handletextpad=0.4, columnspacing=1.2,
        )  # fmt: skip
    return Figure(figure, alt)


def _positive(panels: Mapping[str, Mapping[str, object]]) -> None:
    if not panels or not all(panels.values()):
        raise ValueError(f"panels: got {dict(panels)}, expected at least one, with at least one bar each")


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):,g}"
