"""Figures of one-dimensional signals: long recordings, short lists of numbers, and sums that slide."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, integer, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing
from course_pkg.plots.interactive import Interactive

Role = Literal["input", "kernel", "output", "second", "muted"]
Line = tuple[str, ArrayLike, Role]
Values = NDArray[np.float64]

COLOURS = {"input": INPUT, "kernel": KERNEL, "output": OUTPUT, "second": SECOND, "muted": MUTED}


def traces(*rows: Sequence[Line], alt: str, marks: ArrayLike = (), xlabel: str = "position n") -> Figure:
    """Long signals as lines, one axes a row, all over the same positions.

    Parameters
    ----------
    *rows : sequences of (label, values, role)
        The lines of each row; values of shape (N,), role one of ``"input"``, ``"kernel"``, ``"output"``,
        ``"second"``, ``"muted"``, which names the colour. Signals of one row may differ in length.
    alt : str
        What the figure shows, in words.
    marks : array_like, shape (M,)
        Positions to mark in every row by a dotted vertical line.
    xlabel : str
        Label of the shared axis.

    Raises
    ------
    ValueError
        If there is no row, a role is unknown, or a signal is empty, not 1D or not finite.
    TypeError
        If a signal is not a list or array of real numbers.

    Examples
    --------
    >>> traces([("steps", [1, -1, 1], "input")], alt="Three steps: up, down and up again.")
    Figure: Three steps: up, down and up again.
    """
    if not rows:
        raise ValueError("rows: expected at least one row of (label, values, role), got none")
    with drawing(len(rows), height=0.45 + 1.15 * len(rows), sharex=True) as (figure, axes):
        for ax, row in zip(axes, rows, strict=True):
            for place in np.asarray(marks, dtype=float):
                ax.axvline(place, color=MUTED, linewidth=1, linestyle=":")
            for label, values, role in row:
                ax.plot(_signal(label, values), color=_colour(role), linewidth=1.2, label=label)
            _name_lines(ax, len(row))
            ax.margins(x=0.01)
            ax.locator_params(axis="y", nbins=4)
        axes[-1].set_xlabel(xlabel)
    return Figure(figure, alt)


def stems(*rows: Line, alt: str) -> Figure:
    """Short signals as stems with their values written on them, one axes a signal, positions aligned.

    Parameters
    ----------
    *rows : (label, values, role)
        As in `traces`; each signal starts at position 0.
    alt : str
        What the figure shows, in words.

    Raises
    ------
    ValueError
        If there is no row, a role is unknown, or a signal is empty, not 1D or not finite.
    TypeError
        If a signal is not a list or array of real numbers.

    Examples
    --------
    >>> stems(("x", [1, 3, 2], "input"), alt="The signal with values 1, 3 and 2.")
    Figure: The signal with values 1, 3 and 2.
    """
    if not rows:
        raise ValueError("rows: expected at least one (label, values, role), got none")
    signals = [_signal(label, values) for label, values, _ in rows]
    longest = max(len(values) for values in signals)
    with drawing(len(rows), height=0.4 + 1.1 * len(rows), sharex=True) as (figure, axes):
        for ax, (label, _, role), values in zip(axes, rows, signals, strict=True):
            _stems(ax, values, _colour(role))
            ax.set_title(label, loc="left", color=_colour(role))
            ax.set_xlim(-0.6, longest - 0.4)
        axes[-1].set_xticks(range(longest))
        axes[-1].set_xlabel("position n")
    return Figure(figure, alt)


def slide_and_sum(
    x: ArrayLike, w: ArrayLike, *, reading: Literal["translate", "flip"], step: int
) -> Interactive:
    """The convolution of two short signals as a table of products, to be read by rows or by columns.

    Row k of the table holds the shifted, scaled kernel x[k]·w; its columns add up to the output. In the
    book the figure is live (`book/_static/figures/slide_and_sum.js`): both signals can be changed and the
    reading stepped through or played.

    Parameters
    ----------
    x : array_like, shape (N,)
        The input signal, 1 to 8 values.
    w : array_like, shape (K,)
        The kernel, 1 to 4 values.
    reading : {"translate", "flip"}
        ``"translate"``: the copies up to row `step` are there, added up (translate and scale).
        ``"flip"``: the columns up to output `step` are there (flip and filter).
    step : int
        The last row or the last column shown, from 0.

    Raises
    ------
    ValueError
        If a signal is empty or too long, the reading is unknown, or `step` is beyond the last row or column.
    TypeError
        If a signal is not a list or array of real numbers, or `step` not an integer.

    Examples
    --------
    >>> slide_and_sum([1, 3], [2, 1], reading="flip", step=1).settings["x"]
    [1.0, 3.0]
    """
    x, w = _signal("x", x, at_most=8), _signal("w", w, at_most=4)
    choice("reading", reading, ["translate", "flip"])
    last = len(x) - 1 if reading == "translate" else len(x) + len(w) - 2
    if integer("step", step) not in range(last + 1):
        raise ValueError(f"step: expected a whole number from 0 to {last}, got {step!r}")
    table = np.full((len(x), len(x) + len(w) - 1), np.nan)
    for k, value in enumerate(x):
        table[k, k : k + len(w)] = value * w
    shown = table.copy()
    if reading == "translate":
        shown[step + 1 :] = np.nan
        y = np.nansum(shown, axis=0)
        done = f"copies 0 to {step} of the kernel {_listed(w)}, scaled by the input values and shifted"
        alt = f"Translate and scale: {done}, add up to {_listed(y)}."
    else:
        shown[:, step + 1 :] = np.nan
        y = np.nansum(table, axis=0)[: step + 1]
        done = f"the flipped kernel {_listed(w[::-1])} has reached output y[{step}] = {_number(y[step])}"
        alt = f"Flip and filter: {done}, the sum of the products in column {step}."
    settings = {"x": x.tolist(), "w": w.tolist(), "reading": reading, "step": step}
    return Interactive("slide_and_sum", settings, Figure(_still(x, w, y, shown, reading, step), alt))


def overlap(
    t: ArrayLike,
    u: Callable[[Values], Values],
    v: Callable[[Values], Values],
    y: ArrayLike,
    *,
    shifts: Sequence[float],
    alt: str,
) -> Figure:
    """Convolution of two functions: for some shifts the area under their product, then all areas as a curve.

    Parameters
    ----------
    t : array_like, shape (N,)
        Where the functions are drawn, increasing.
    u, v : callables
        The two functions, from arrays of times to arrays of values.
    y : array_like, shape (N,)
        Their convolution at `t`.
    shifts : sequence of float
        The values of t, one row each, for which u(τ) and the flipped, shifted v(t − τ) are drawn.
    alt : str
        What the figure shows, in words.

    Raises
    ------
    ValueError
        If `t` and `y` are not signals of the same length, or there is no shift.

    Examples
    --------
    >>> box = lambda t: (abs(t) < 0.5).astype(float)
    >>> overlap([-1, 0, 1], box, box, [0, 1, 0], shifts=[0.0], alt="Two boxes that overlap fully at shift 0.")
    Figure: Two boxes that overlap fully at shift 0.
    """
    t, y = _signal("t", t), _signal("y", y)
    if len(t) != len(y):
        raise ValueError(f"y: expected one value for each of the {len(t)} times t, got {len(y)} values")
    if not shifts:
        raise ValueError("shifts: expected at least one shift, got none")
    rows = len(shifts) + 1
    fine = np.linspace(t[0], t[-1], 8 * len(t) - 7)  # so that jumps look like jumps
    with drawing(rows, height=0.5 + 1.1 * rows, sharex=True) as (figure, axes):
        for ax, shift in zip(axes[:-1], shifts, strict=True):
            ax.fill_between(t, u(t) * v(shift - t), color=OUTPUT, alpha=0.35, linewidth=0, label="product")
            ax.plot(fine, u(fine), color=INPUT, label="u(τ)")
            ax.plot(fine, v(shift - fine), color=KERNEL, linestyle="--", label="v(t − τ)")
            ax.set_title(f"t = {_number(shift)}: area {np.interp(shift, t, y):.2f}", loc="left")
        axes[0].legend(loc="upper right", ncols=1)
        axes[-1].plot(t, y, color=OUTPUT)
        axes[-1].plot(shifts, np.interp(shifts, t, y), "o", color=OUTPUT, markersize=5)
        axes[-1].set_title("every area: (u ∗ v)(t)", loc="left", color=OUTPUT)
        axes[-1].set_xlabel("τ above, t in the last row")
    return Figure(figure, alt)


def _still(
    x: Values, w: Values, y: Values, table: Values, reading: str, step: int
) -> matplotlib.figure.Figure:
    """The drawing behind `slide_and_sum`: input stems, table of products, output stems."""
    ratios = [1.3, 0.3 * (len(x) + 2), 1.4]
    options = {"height_ratios": ratios}
    with drawing(3, height=sum(ratios) + 0.7, sharex=True, gridspec_kw=options) as (figure, axes):
        top, middle, bottom = axes
        _stems(top, x, INPUT)
        top.set_title("input x", loc="left", color=INPUT)
        _stems(bottom, y, OUTPUT)
        bottom.set_title("output y", loc="left", color=OUTPUT)
        for k, row in enumerate(table):
            middle.text(-1.1 - (len(w) - 1), k, f"x[{k}] · w", ha="left", va="center", fontsize=9, color=TEXT)
            for n, value in enumerate(row):
                if not np.isnan(value):
                    now = k == step if reading == "translate" else n == step
                    _cell(middle, n, k, value, KERNEL if now else MUTED)
        if reading == "flip":
            middle.text(
                -1.1 - (len(w) - 1), -1.3, "w, flipped", ha="left", va="center", fontsize=9, color=KERNEL
            )
            for k, value in enumerate(w):
                _cell(middle, step - k, -1.3, value, KERNEL)
        middle.set_ylim(len(x) - 0.4, -1.9 if reading == "flip" else -0.6)
        middle.axis("off")
        bottom.set_xlim(-len(w) - 1.2, len(x) + 2 * len(w) - 2.5)
        bottom.set_xticks(range(len(x) + len(w) - 1))
        bottom.set_xlabel("position n")
    return figure


def _cell(ax: Axes, n: float, row: float, value: float, colour: str) -> None:
    ax.add_patch(Rectangle((n - 0.46, row - 0.42), 0.92, 0.84, facecolor=colour, alpha=0.2, linewidth=0))
    ax.text(n, row, _number(value), ha="center", va="center", fontsize=10, color=TEXT)


def _stems(ax: Axes, values: Values, colour: str) -> None:
    n = np.arange(len(values))
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.vlines(n, 0, values, color=colour, linewidth=2)
    ax.plot(n, values, "o", color=colour, markersize=5)
    for place, value in zip(n, values, strict=True):
        up = value >= 0
        ax.annotate(
            _number(value),
            (place, value),
            xytext=(0, 5 if up else -5),
            textcoords="offset points",
            ha="center",
            va="bottom" if up else "top",
        )
    ax.margins(y=0.5)  # room for the numbers
    ax.set_yticks([])
    ax.tick_params(bottom=False)
    ax.spines[["left", "bottom"]].set_visible(False)


def _name_lines(ax: Axes, lines: int) -> None:
    if lines > 1:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 0.97), ncols=lines, borderaxespad=0, handlelength=1.2)
    else:
        line = ax.get_lines()[-1]
        ax.set_title(str(line.get_label()), loc="left", color=line.get_color())


def _signal(name: str, values: Any, at_most: int | None = None) -> Values:
    values = signal(name, values, ndim=1)
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name}: expected finite numbers, got {np.count_nonzero(~np.isfinite(values))} that are not"
        )
    if at_most is not None and len(values) > at_most:
        raise ValueError(f"{name}: expected at most {at_most} values, got {len(values)}")
    return values


def _colour(role: str) -> str:
    return COLOURS[choice("role", role, COLOURS)]


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _listed(values: Values) -> str:
    return ", ".join(_number(value) for value in values)
