"""Figures of gradients on their way back: who hands what to whom, and what descent finds."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import describe, integer, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, WIDTH, Figure, drawing


class Shares(NamedTuple):
    """What every output hands back: `grad_out` of shape (M,), `table` of shape (M, N + 2 padding)."""

    title: str
    grad_out: ArrayLike
    table: ArrayLike
    padding: int = 0


def handed_back(panels: Sequence[Shares], *, alt: str) -> Figure:
    """Draw what each output hands back to each input as a table, and below it the sums: the input's gradient.

    One row for each output, with its own gradient in green on the left; one column for each input position.
    Padding columns are grey, and their sums are not drawn: nobody is there to receive them.

    Parameters
    ----------
    panels : sequence of Shares
        The layers, drawn one below the other. A share of exactly 0 is left empty.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a panel is not a `Shares`, or holds anything but numbers.
    ValueError
        If there is no panel, a table has not one row for each output, or padding leaves no input.

    Examples
    --------
    >>> handed_back([Shares("", [3, 1], [[3, 6, 0], [0, 1, 2]])], alt="The shares add up to 3, 7 and 2.")
    Figure: The shares add up to 3, 7 and 2.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one Shares")
    checked = [_shares(panel) for panel in panels]
    widest = max(table.shape[1] for _, _, table, _ in checked)
    cell = min(WIDTH / (widest + 3.3), 0.44)
    rows = [len(table) + 2.4 for _, _, table, _ in checked]
    height = cell * sum(rows) + 0.3 * len(rows)
    with drawing(len(rows), height=height, height_ratios=rows) as (figure, grid):
        for axes, (title, g, table, padding) in zip(grid, checked, strict=True):
            _share_table(axes, g, table, padding)
            axes.set(xlim=(-3.3 - padding, widest - padding - 0.4), ylim=(len(g) + 0.8, -1.4))
            axes.set_title(title, loc="left")
    return Figure(figure, alt)


def _shares(panel: Shares) -> tuple[str, NDArray[np.float64], NDArray[np.float64], int]:
    if not isinstance(panel, Shares):
        raise TypeError(f"panels: got {describe(panel)}, expected a Shares")
    g, table = signal("grad_out", panel.grad_out, ndim=1), signal("table", panel.table, ndim=2)
    padding = integer("padding", panel.padding, minimum=0)
    if len(table) != len(g):
        raise ValueError(f"table: got {len(table)} rows, expected {len(g)}, one for each value of grad_out")
    if table.shape[1] <= 2 * padding:
        raise ValueError(f"padding: got {padding}, expected less than half of {table.shape[1]} columns")
    return panel.title, g, table, padding


def _share_table(axes: Axes, g: NDArray[np.float64], table: NDArray[np.float64], padding: int) -> None:
    size = table.shape[1] - 2 * padding
    inside = range(size)
    for column in range(-padding, size + padding):
        colour = TEXT if column in inside else MUTED
        axes.text(column, -0.85, _short(column), ha="center", va="center", fontsize=9, color=colour)
    for n, value in enumerate(g):
        axes.text(-2.0 - padding, n, f"g[{n}]", ha="right", va="center", fontsize=9)
        _cell(axes, -1.4 - padding, n, value, OUTPUT, alpha=0.35)
        for column, share in zip(range(-padding, size + padding), table[n], strict=True):
            if share:
                _cell(axes, column, n, share, KERNEL if column in inside else MUTED, alpha=0.22)
    for column, total in zip(inside, table.sum(axis=0)[padding : padding + size], strict=True):
        _cell(axes, column, len(g) + 0.25, total, INPUT, alpha=0.28)
    axes.text(-0.75 - padding, len(g) + 0.25, "sum: ∂L/∂x", ha="right", va="center", fontsize=9)
    axes.plot([-0.5, size - 0.5], [len(g) - 0.37] * 2, color=MUTED, linewidth=0.8)
    axes.set_aspect("equal")
    axes.axis("off")


def routes(x: ArrayLike, panels: Mapping[str, tuple[ArrayLike, ArrayLike]], *, alt: str) -> Figure:
    """Draw through which inputs each output's gradient goes back, for pooling: input, output, and lines.

    From the top: the gradient of the input, the input itself, the gradient of the output.

    Parameters
    ----------
    x : array_like, shape (N,)
        The input that all panels share.
    panels : mapping of title to (grad_out, table)
        Gradients of the outputs, of shape (M,), and what each hands to each input, of shape (M, N).
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an array holds anything but numbers.
    ValueError
        If there is no panel, or a table is not of shape (M, N).

    Examples
    --------
    >>> routes([1, 4], {"max": ([3], [[0, 3]])}, alt="The larger input, 4, gets all of the gradient 3.")
    Figure: The larger input, 4, gets all of the gradient 3.
    """
    values = signal("x", x, ndim=1)
    if not panels:
        raise ValueError("panels: got none, expected at least one title with (grad_out, table)")
    cell = min(WIDTH / (len(values) + 2.4), 0.5)
    with drawing(len(panels), height=len(panels) * (cell * 4.1 + 0.3)) as (figure, grid):
        for axes, (title, (grad_out, shares)) in zip(grid, panels.items(), strict=True):
            g, table = signal("grad_out", grad_out, ndim=1), signal("table", shares, ndim=2)
            if table.shape != (len(g), len(values)):
                raise ValueError(f"table: got shape {table.shape}, expected {(len(g), len(values))}")
            _route(axes, values, g, table)
            axes.set_title(title, loc="left")
    return Figure(figure, alt)


def _route(axes: Axes, x: NDArray[np.float64], g: NDArray[np.float64], table: NDArray[np.float64]) -> None:
    for i, (value, total) in enumerate(zip(x, table.sum(axis=0), strict=True)):
        _cell(axes, i, 0, total, INPUT, alpha=0.45 if total else 0)
        _cell(axes, i, 1, value, INPUT, alpha=0.13)
    step = len(x) / len(g)
    for n, value in enumerate(g):
        centre = (n + 0.5) * step - 0.5
        _cell(axes, centre, 2.9, value, OUTPUT, alpha=0.35)
        for i in np.flatnonzero(table[n]).tolist():
            axes.plot([centre, i], [2.45, 1.45], color=KERNEL, linewidth=1.4)
    for name, row in [("∂L/∂x", 0.0), ("x", 1.0), ("∂L/∂y", 2.9)]:
        axes.text(-0.75, row, name, ha="right", va="center", fontsize=9)
    axes.set(xlim=(-2.4, len(x) - 0.4), ylim=(3.5, -0.6))
    axes.set_aspect("equal")
    axes.axis("off")


def pictures(images: Mapping[str, ArrayLike], *, columns: int = 2, alt: str) -> Figure:
    """Draw grey pictures side by side, each under its title; black is 0 or less, white is 1 or more.

    Parameters
    ----------
    images : mapping of title to array_like, shape (H, W)
        The pictures; they may differ in size.
    columns : int
        How many stand side by side.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a picture holds anything but numbers, or `columns` is not an integer.
    ValueError
        If there is no picture, one is not of rank 2, or `columns` is not positive.

    Examples
    --------
    >>> pictures({"dark": [[0, 0]], "light": [[1, 1]]}, alt="Two pixels in black, two in white.")
    Figure: Two pixels in black, two in white.
    """
    if not images:
        raise ValueError("images: got none, expected at least one picture")
    arrays = {title: signal(f"images[{title!r}]", image, ndim=2) for title, image in images.items()}
    rows = -(-len(arrays) // positive_int("columns", columns))
    tallest = max(image.shape[0] / image.shape[1] for image in arrays.values())
    height = rows * (WIDTH / columns * tallest + 0.3)
    with drawing(rows, columns, height=height) as (figure, grid):
        for axes, (title, image) in zip(grid, arrays.items(), strict=False):
            axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_title(title, loc="left", pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def descents(curves: Mapping[str, ArrayLike], *, ylabel: str, alt: str) -> Figure:
    """Draw what gradient descent makes smaller, step by step, on a logarithmic scale.

    Parameters
    ----------
    curves : mapping of label to array_like, shape (steps,)
        One to three curves, in the order green, mauve, grey; every value positive.
    ylabel : str
        What the curves measure.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a curve holds anything but numbers.
    ValueError
        If there are not one to three curves, or a value is not positive.

    Examples
    --------
    >>> descents({"short steps": [1, 0.5, 0.25]}, ylabel="loss", alt="The loss halves with each step.")
    Figure: The loss halves with each step.
    """
    styles = [(OUTPUT, "-"), (SECOND, "--"), (MUTED, ":")]
    if not 1 <= len(curves) <= len(styles):
        raise ValueError(f"curves: got {len(curves)} curves, expected one to {len(styles)}")
    with drawing(height=2.4) as (figure, [axes]):
        for (label, values), (colour, line) in zip(curves.items(), styles, strict=False):
            curve = signal(f"curves[{label!r}]", values, ndim=1)
            if not (curve > 0).all():
                raise ValueError(f"curves[{label!r}]: got {curve.min()}, expected positive numbers only")
            axes.plot(curve, color=colour, linestyle=line, label=label)
        axes.set(yscale="log", xlabel="step of gradient descent", ylabel=ylabel)
        axes.legend()
    return Figure(figure, alt)


def _cell(axes: Axes, x: float, y: float, value: float, colour: str, *, alpha: float) -> None:
    """A square of side 0.86 around (x, y), holding a number."""
    box = {"facecolor": colour, "alpha": alpha, "linewidth": 0}
    axes.add_patch(Rectangle((x - 0.43, y - 0.43), 0.86, 0.86, **box))  # type: ignore[arg-type]
    axes.text(x, y, _short(value), ha="center", va="center", fontsize=9.5, color=TEXT)


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
