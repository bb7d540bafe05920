"""Figures of resampling: waves alike once sampled, copies of a kernel that overlap, and how often."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, integer, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, WIDTH, Figure, drawing
from course_pkg.plots.interactive import Interactive

Values = NDArray[np.float64]


def aliases(fine: float, slow: float, stride: int, length: int, *, alt: str) -> Figure:
    """Draw two cosine waves and the values of each at every `stride`-th position.

    Parameters
    ----------
    fine, slow : float
        Frequencies of the two waves, in cycles per position.
    stride : int
        Every position of this many is kept, from 0.
    length : int
        How many positions are drawn.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If `stride` or `length` is not an integer.
    ValueError
        If one is less than 1, or the two waves differ at a kept position: then they are not aliases.

    Examples
    --------
    >>> aliases(0.4, 0.1, 2, 20, alt="Two waves that meet at every second position.")
    Figure: Two waves that meet at every second position.
    """
    kept = np.arange(0, positive_int("length", length), positive_int("stride", stride))
    values, others = np.cos(2 * np.pi * fine * kept), np.cos(2 * np.pi * slow * kept)
    if not np.allclose(values, others):
        raise ValueError(f"slow: got {slow}, expected a frequency that agrees with {fine} at stride {stride}")
    between = np.linspace(0, length - 1, 12 * length)
    with drawing(height=2.1) as (figure, [axes]):
        axes.plot(between, np.cos(2 * np.pi * fine * between), color=INPUT, label="the input", linewidth=1.2)
        axes.plot(
            between, np.cos(2 * np.pi * slow * between), color=SECOND, linestyle="--", label="its alias"
        )
        axes.plot(kept, values, "o", color=OUTPUT, label=f"every {stride} positions", markersize=6)
        axes.set(xlabel="position n", yticks=[-1, 0, 1], ylim=(-1.15, 1.15))
        figure.legend(loc="outside upper center", ncols=3)
    return Figure(figure, alt)


def overlaps(panels: Mapping[str, tuple[int, int]], *, inputs: int, alt: str) -> Figure:
    """Draw copies of a kernel as bars, one for each input, and how many of them lie on each output.

    Parameters
    ----------
    panels : mapping of title to (kernel, stride)
        Kernel size K, and output positions between one copy and the next.
    inputs : int
        How many copies there are.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a size is not an integer.
    ValueError
        If there is no panel, or a size is less than 1.

    Examples
    --------
    >>> overlaps({"K = 3, S = 2": (3, 2)}, inputs=4, alt="Copies that overlap at every second output.")
    Figure: Copies that overlap at every second output.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one title with (kernel, stride)")
    positive_int("inputs", inputs)
    longest = max((inputs - 1) * stride + kernel for kernel, stride in panels.values())
    with drawing(len(panels), height=1.5 * len(panels), sharex=True) as (figure, grid):
        for axes, (title, (kernel, stride)) in zip(grid, panels.items(), strict=True):
            kernel, stride = positive_int("kernel", kernel), positive_int("stride", stride)
            starts = stride * np.arange(inputs)
            counts = np.zeros(starts[-1] + kernel, dtype=int)
            for i, start in enumerate(starts):
                counts[start : start + kernel] += 1
                row = 1.2 + i % -(-kernel // stride)  # copies that do not overlap share a row
                axes.barh(row, kernel - 0.12, 0.62, left=start - 0.44, color=KERNEL, alpha=0.75)
            for n, count in enumerate(counts):
                _cell(axes, n, 0, count, SECOND, alpha=0.55 * count / counts.max())
            axes.set_title(title, loc="left")
            axes.set(xlim=(-0.7, longest - 0.3), ylim=(-0.7, 0.8 + -(-kernel // stride)))
            axes.axis("off")
    return Figure(figure, alt)


def transposed_explorer(
    x: ArrayLike,
    w: ArrayLike,
    *,
    kind: Literal["ones", "tent", "own"],
    kernel: int,
    stride: int,
    padding: int = 0,
) -> Interactive:
    """A 1D transposed convolution as a table: a row for each input, the sum, and how many products it has.

    In the book the figure is live (`book/_static/figures/transposed_explorer.js`): kernel, stride, padding
    and values can be changed, the copies added one by one, and an input or output asked for its products.

    Parameters
    ----------
    x : array_like, shape (M,)
        Input, 2 to 6 values.
    w : array_like, shape (6,)
        Taps to start from when the reader types a kernel; the first K are used.
    kind : {"ones", "tent", "own"}
        The kernel shown first: all taps 1; 1, 2, ... up to the middle and down again; or those of `w`.
    kernel : int
        Kernel size K, 1 to 6.
    stride : int
        Output positions between one copy and the next, 1 to 3.
    padding : int
        Output positions cut off at each end, 0 to 3.

    Raises
    ------
    TypeError
        If a signal does not hold numbers, or a size is not an integer.
    ValueError
        If a signal is not of the length described, a size out of its range, or no output is left.

    Examples
    --------
    >>> explorer = transposed_explorer([1, 1, 1], [1] * 6, kind="tent", kernel=3, stride=2)
    >>> print(explorer.still.alt)
    Three inputs, 3 taps 1, 2, 1, stride 2: outputs 1, 2, 2, 2, 2, 2, 1, made of 1, 1, 2, 1, 2, 1, 1 products.
    """
    values, own = signal("x", x, ndim=1), signal("w", w, ndim=1)
    if not 2 <= len(values) <= 6 or len(own) != 6:
        raise ValueError(f"x, w: got {len(values)} and {len(own)} values, expected 2 to 6, and 6")
    limits = {"kernel": (kernel, 1, 6), "stride": (stride, 1, 3), "padding": (padding, 0, 3)}
    for name, (value, low, high) in limits.items():
        if not low <= integer(name, value) <= high:
            raise ValueError(f"{name}: got {value}, expected {low} to {high}")
    length = (len(values) - 1) * stride + kernel
    if length <= 2 * padding:
        raise ValueError(f"padding: got {padding}, which leaves nothing of {length} outputs")
    tent = np.minimum(np.arange(1, kernel + 1), np.arange(kernel, 0, -1))
    choice("kind", kind, ["ones", "tent", "own"])
    taps = {"ones": np.ones(kernel), "tent": tent, "own": own[:kernel]}[kind]
    table = np.full((len(values), length), np.nan)  # NaN: the copy is not there
    for i, value in enumerate(values):
        table[i, i * stride : i * stride + kernel] = value * taps
    kept = slice(padding, length - padding)
    y, counts = np.nansum(table, axis=0)[kept], (~np.isnan(table)).sum(axis=0)[kept]
    number = ["Two", "Three", "Four", "Five", "Six"][len(values) - 2]
    alt = (
        f"{number} inputs, {kernel} taps {_listed(taps)}, stride {stride}: outputs {_listed(y)}, "
        f"made of {_listed(counts)} products."
    )
    settings = {
        "x": values.tolist(), "own": own.tolist(), "kind": kind, "kernel": kernel, "stride": stride,
        "padding": padding, "copies": len(values), "focus": {"kind": "y", "index": 2},
    }  # fmt: skip
    return Interactive("transposed_explorer", settings, _still(values, table, y, counts, padding, alt))


def _still(x: Values, table: Values, y: Values, counts: NDArray[np.int_], padding: int, alt: str) -> Figure:
    rows, length = table.shape
    unit = WIDTH / (length + 3.1)
    with drawing(height=unit * (rows + 3.2)) as (figure, [axes]):
        for i, value in enumerate(x):
            _cell(axes, -1.6, i, value, INPUT, alpha=0.28)
            for p in np.flatnonzero(~np.isnan(table[i])).tolist():
                inside = padding <= p < length - padding
                _cell(axes, p, i, table[i, p], KERNEL if inside else MUTED, alpha=0.2 if inside else 0.08)
        axes.plot([-0.5, length - 0.5], [rows - 0.32] * 2, color=MUTED, linewidth=0.8)
        for p, (value, count) in enumerate(zip(y, counts, strict=True), padding):
            _cell(axes, p, rows + 0.35, value, OUTPUT, alpha=0.25)
            _cell(axes, p, rows + 1.5, count, SECOND, alpha=0.55 * count / counts.max())
        for column, row, text, colour, align in (
            (-1.6, -0.8, "x", INPUT, "center"),
            (-0.5, -0.8, "copies of the kernel", KERNEL, "left"),
            (-1.6, rows + 0.35, "y", OUTPUT, "center"),
            (-0.6, rows + 1.5, "made of", SECOND, "right"),
        ):
            axes.text(column, row, text, color=colour, ha=align, va="center", fontsize=9)
        axes.set(xlim=(-2.6, length - 0.4), ylim=(rows + 2, -1.2), aspect="equal")
        axes.axis("off")
    return Figure(figure, alt)


def _cell(axes: Axes, x: float, y: float, value: float, colour: str, *, alpha: float) -> None:
    box = {"facecolor": colour, "alpha": alpha, "linewidth": 0}
    axes.add_patch(Rectangle((x - 0.45, y - 0.42), 0.9, 0.84, **box))  # type: ignore[arg-type]
    axes.text(x, y, _short(value), ha="center", va="center", fontsize=9, color=TEXT)


def _listed(values: ArrayLike) -> str:
    return ", ".join(_short(value) for value in np.asarray(values))


def _short(value: float) -> str:
    return f"{value + 0.0:.3g}".replace("-", "\N{MINUS SIGN}")  # + 0.0: no minus zero
