"""Figures of detection: boxes in pictures, a grid over them, two boxes that overlap, precision and recall."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, describe, has_shape, integer, number, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing

Values = NDArray[np.float64]

COLOURS = {"input": INPUT, "kernel": KERNEL, "output": OUTPUT, "second": SECOND, "muted": MUTED}


class Mark(NamedTuple):
    """A box to draw into a picture."""

    box: ArrayLike
    """(x0, y0, x1, y1) in pixels."""
    role: str = "output"
    """Its colour: "input", "kernel", "output", "second" or "muted"."""
    text: str = ""
    """What is written at its upper left corner."""
    width: float = 2.0
    """Of the line, in points."""
    dashed: bool = False
    """Whether the line is broken."""


class Panel(NamedTuple):
    """A picture with boxes, cells and a title."""

    title: str
    image: ArrayLike
    """Red, green and blue, 0 … 1, shape (3, H, W)."""
    marks: Sequence[Mark] = ()
    """The boxes, the last on top."""
    grid: int = 0
    """Cells along each side of a grid that is drawn over it; 0: none."""
    cells: Mapping[tuple[int, int], str] = {}
    """What is written into cells, by row and column."""


def scenes(*panels: Panel, columns: int = 2, alt: str) -> Figure:
    """Draw pictures with boxes, side by side, each under its title.

    Parameters
    ----------
    *panels : Panel
        The pictures.
    columns : int
        Pictures in a row.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If there is no picture, one is not of shape (3, H, W), a box is not four numbers, a role is unknown,
        or a cell is not in the grid.

    Examples
    --------
    >>> grey = np.full((3, 8, 8), 0.5)
    >>> scenes(Panel("grey", grey, [Mark([1, 2, 5, 6], text="a box")]), alt="A box on a grey square.")
    Figure: A box on a grey square.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one")
    images = [_image(panel) for panel in panels]
    rows = -(-len(panels) // positive_int("columns", columns))
    ratio = max(image.shape[0] / image.shape[1] for image in images)
    with drawing(rows, columns, height=rows * (5.1 / columns * ratio + 0.28)) as (figure, grid):
        for axes, panel, image in zip(grid, panels, images, strict=False):
            height, width = image.shape[:2]
            axes.imshow(image, interpolation="nearest", extent=(0, width, height, 0))
            _lay_grid(axes, panel, height, width)
            for mark in panel.marks:
                _draw_mark(axes, mark)
            axes.set(xlim=(0, width), ylim=(height, 0))
            axes.set_title(panel.title, pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def overlap(a: ArrayLike, b: ArrayLike, *, alt: str) -> Figure:
    """Draw two boxes on squared paper, and what they share.

    Parameters
    ----------
    a, b : array_like, (4,)
        (x0, y0, x1, y1), whole numbers of squares, not below 0.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If a box is not four numbers.

    Examples
    --------
    >>> overlap([1, 1, 5, 5], [3, 2, 7, 4], alt="Two boxes that share four squares.")
    Figure: Two boxes that share four squares.
    """
    first, second = _box("a", a), _box("b", b)
    right, bottom = np.maximum(first[2:], second[2:]) + 1
    with drawing(height=5.2 * bottom / max(right, 1.6 * bottom)) as (figure, [axes]):
        for box, colour, name in ((first, INPUT, "A"), (second, KERNEL, "B")):
            axes.add_patch(_rectangle(box, facecolor=colour, alpha=0.15, linewidth=0))
            axes.add_patch(_rectangle(box, fill=False, edgecolor=colour, linewidth=2.2))
            axes.text(box[2] - 0.15, box[3] - 0.15, name, color=colour, ha="right", weight="bold")
        shared = np.concatenate([np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])])
        if (shared[:2] < shared[2:]).all():
            axes.add_patch(_rectangle(shared, facecolor=OUTPUT, alpha=0.5, linewidth=0))
        axes.set(xlim=(0, right), ylim=(bottom, 0), aspect="equal", xlabel="x", ylabel="y")
        axes.set(xticks=np.arange(right + 1), yticks=np.arange(bottom + 1))
        axes.grid(color=MUTED, alpha=0.35, linewidth=0.8)
        axes.set_axisbelow(True)
    return Figure(figure, alt)


def precision_recall(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]], *, points: int = 0, columns: int = 1, alt: str
) -> Figure:
    """Draw precision against recall as measured, and the staircase that never rises, whose area is AP.

    Parameters
    ----------
    curves : mapping of title to (recall, precision), shape (D,) each
        After the 1, 2, …, D best detections.
    points : int
        How many evenly spaced recalls are marked on the staircase, from 0 to 1; 0: none.
    columns : int
        Curves in a row.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If there is no curve, or recall and precision are not equally many shares.

    Examples
    --------
    >>> precision_recall({"a class": ([0.5, 0.5, 1], [1, 0.5, 2 / 3])}, points=11,
    ...                  alt="Precision falls to one half and rises to two thirds.")
    Figure: Precision falls to one half and rises to two thirds.
    """
    if not curves:
        raise ValueError("curves: got none, expected at least one")
    rows = -(-len(curves) // positive_int("columns", columns))
    integer("points", points, minimum=0)
    shared: dict[str, Any] = {"sharex": True, "sharey": True}
    with drawing(rows, columns, height=rows * (2.5 if columns == 1 else 1.9) + 0.3, **shared) as (
        figure,
        grid,
    ):
        for axes, (title, (recall, precision)) in zip(grid, curves.items(), strict=False):
            r, p = (
                signal(f"curves[{title!r}]", np.asarray(values), ndim=1) for values in (recall, precision)
            )
            if r.shape != p.shape or min(r.min(), p.min()) < 0 or max(r.max(), p.max()) > 1:
                raise ValueError(f"curves[{title!r}]: got {r} and {p}, expected as many shares of each")
            best = np.maximum.accumulate(p[::-1])[::-1]  # from here on
            edges = np.concatenate([[0.0], r])
            axes.stairs(best, edges, fill=True, color=OUTPUT, alpha=0.2)
            axes.step(edges, np.append(best[0], best), where="pre", color=OUTPUT, label="best from here on")
            axes.plot(r, p, color=MUTED, linewidth=1.0, label="measured", marker="o" if len(r) < 30 else "",
                      markersize=4)  # fmt: skip
            if points:
                at = np.linspace(0, 1, points)
                first = np.searchsorted(r, at - 1e-9)
                heights = np.append(best, 0.0)[first]
                axes.plot(at, heights, "|", color=KERNEL, ms=11, mew=2, label=f"at {points} recalls")
            axes.set_title(title, loc="left", pad=3)
            axes.set(xlim=(-0.02, 1.03), ylim=(0, 1.06))
        for axes in grid[len(curves) :]:
            axes.set_visible(False)
        figure.supxlabel("recall", fontsize=10, color=TEXT)
        figure.supylabel("precision", fontsize=10, color=TEXT)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, handletextpad=0.4)
    return Figure(figure, alt)


def _lay_grid(axes: Axes, panel: Panel, height: int, width: int) -> None:
    size = integer("grid", panel.grid, minimum=0)
    for line in range(1, size):
        axes.plot([line * width / size] * 2, [0, height], color="white", linewidth=0.8, alpha=0.8)
        axes.plot([0, width], [line * height / size] * 2, color="white", linewidth=0.8, alpha=0.8)
    for (row, column), text in panel.cells.items():
        if not (0 <= row < size and 0 <= column < size):
            raise ValueError(f"cells: got ({row}, {column}), expected a cell of a grid with {size} a side")
        centre = ((column + 0.5) * width / size, (row + 0.5) * height / size)
        axes.text(*centre, text, color="white", ha="center", va="center", fontsize=9,
                  path_effects=[withStroke(linewidth=2, foreground="black")])  # fmt: skip


def _draw_mark(axes: Axes, mark: Mark) -> None:
    box = _box("box", mark.box)
    colour = COLOURS[choice("role", mark.role, COLOURS)]
    width = number("width", mark.width, positive=True)
    casing = [withStroke(linewidth=width + 1.4, foreground="white", alpha=0.8)] if width >= 1 else []
    axes.add_patch(
        _rectangle(box, fill=False, edgecolor=colour, linewidth=width, path_effects=casing, clip_on=False,
                   linestyle=(0, (3, 2)) if mark.dashed else "-")
    )  # fmt: skip
    if mark.text:
        label = {"facecolor": "white", "edgecolor": colour, "linewidth": 0.8, "pad": 1.2, "alpha": 0.9}
        top = max(box[1], 0)
        side = "bottom" if top > 9 else "top"
        axes.text(max(box[0], 0), top, mark.text, color="black", fontsize=8, va=side, bbox=label)


def _image(panel: Panel) -> Values:
    image = signal(f"image of {panel.title!r}", np.asarray(panel.image), ndim=3)
    if len(image) != 3:
        raise ValueError(f"image of {panel.title!r}: got {describe(image)}, expected shape (3, H, W)")
    return np.clip(image, 0, 1).transpose(1, 2, 0)


def _box(name: str, box: ArrayLike) -> Values:
    return has_shape(name, signal(name, np.asarray(box), ndim=1), (4,), "(x0, y0, x1, y1)")


def _rectangle(box: Values, **style: Any) -> Rectangle:
    return Rectangle((box[0], box[1]), box[2] - box[0], box[3] - box[1], **style)
