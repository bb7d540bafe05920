"""Figures of convolution layers: which inputs an output sees, padding, feature maps, receptive fields."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import describe, integer, positive_int, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, TEXT, Figure, drawing

_GAP = 1.9  # between two rows of cells, in cells


class Panel(NamedTuple):
    """One layer to draw: its kernel `w` of shape (K,), its output `y` of shape (M,), and its settings."""

    title: str
    w: ArrayLike
    y: ArrayLike
    stride: int = 1
    padding: int = 0
    dilation: int = 1


def wiring(x: ArrayLike, panels: Sequence[Panel], *, output: int = 1, alt: str) -> Figure:
    """Draw for each layer which inputs every output is computed from.

    Inputs are on top, padding cells dashed in grey, inputs that no output uses left empty. The products that
    made the output at index `output` are drawn in the kernel's colour, with the weight of each.

    Parameters
    ----------
    x : array_like, shape (N,)
        The input signal that all layers share.
    panels : sequence of Panel
        The layers, drawn one below the other.
    output : int
        Index of the output position to point out in every panel.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no panel, `x` or a kernel is not one-dimensional, a panel's `y` reaches past the padded
        input, or `output` is not an index of every panel's `y`.

    Examples
    --------
    >>> wiring([1, 2, 3, 4], [Panel("valid", [1, 1], [3, 5, 7])], alt="Three outputs, each from two inputs.")
    Figure: Three outputs, each from two inputs.
    """
    values = signal("x", x, ndim=1)
    wanted = "a Panel for each layer, at least one"
    if not isinstance(panels, Sequence) or not all(isinstance(panel, Panel) for panel in panels):
        raise TypeError(f"panels: got {describe(panels)}, expected {wanted}")
    if not panels:
        raise ValueError(f"panels: got none, expected {wanted}")
    margin = max(integer("padding", panel.padding, minimum=0) for panel in panels)
    units = len(values) + 2 * margin
    cell = 5.2 / units
    with drawing(len(panels), height=len(panels) * (0.3 + cell * (_GAP + 1.1))) as (figure, all_axes):
        for axes, panel in zip(all_axes, panels, strict=True):
            _wire(axes, values, panel, integer("output", output))
            axes.set_xlim(-margin - 0.5, len(values) + margin - 0.5)
    return Figure(figure, alt)


def _wire(axes: Axes, x: NDArray[np.float64], panel: Panel, output: int) -> None:
    w, y = signal("w", panel.w, ndim=1), signal("y", panel.y, ndim=1)
    stride, padding = positive_int("stride", panel.stride), panel.padding
    dilation = positive_int("dilation", panel.dilation)
    reach = dilation * (len(w) - 1)
    if (len(y) - 1) * stride + reach + 1 > len(x) + 2 * padding:
        raise ValueError(f"y: got {len(y)} outputs, more than fit the input of panel {panel.title!r}")
    if not 0 <= output < len(y):
        raise ValueError(
            f"output: got {output}, expected 0 to {len(y) - 1}, an index of panel {panel.title!r}"
        )

    starts = np.arange(len(y)) * stride - padding  # (M,) first input position of each output
    taps = starts[:, None] + dilation * np.arange(len(w))  # (M, K) input positions
    centres = starts + reach / 2
    used = set(taps.ravel().tolist())
    for n, value in enumerate(x):
        _cell(axes, n, _GAP, value, INPUT, alpha=0.28 if n in used else 0, dashed=False)
    for n in [*range(-padding, 0), *range(len(x), len(x) + padding)]:
        _cell(axes, n, _GAP, 0, MUTED, alpha=0, dashed=True)
    for n, value in enumerate(y):
        _cell(axes, centres[n], 0, value, OUTPUT, alpha=0.5 if n == output else 0.2, dashed=False)
        for k, tap in enumerate(taps[n]):
            ends = [centres[n], tap], [0.42, _GAP - 0.42]
            if n != output:
                axes.plot(*ends, color=MUTED, linewidth=0.6, alpha=0.7, zorder=1)
                continue
            axes.plot(*ends, color=KERNEL, linewidth=1.8, zorder=2)
            axes.text(
                centres[n] + 0.62 * (tap - centres[n]), 0.42 + 0.62 * (_GAP - 0.84), _short(w[k]),
                color=KERNEL, ha="center", va="center", fontsize=9, fontweight="bold",
                bbox={"facecolor": "#fdfdfe", "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
    _bare(axes, panel.title, _GAP)


def padded(rows: Mapping[str, ArrayLike], padding: int, *, alt: str) -> Figure:
    """Draw a signal padded in several ways, the values that padding made up in dashed cells.

    Parameters
    ----------
    rows : mapping of str to array_like, shape (N + 2 * padding,)
        Title and padded signal, one row each.
    padding : int
        How many cells were added on each side.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no row, or a row is not longer than twice the padding.

    Examples
    --------
    >>> padded({"zero": [0, 1, 2, 0]}, 1, alt="One and two with a zero on each side.")
    Figure: One and two with a zero on each side.
    """
    if not rows:
        raise ValueError("rows: got none, expected at least one padded signal")
    integer("padding", padding, minimum=0)
    signals = {title: signal("rows", values, ndim=1) for title, values in rows.items()}
    with drawing(len(rows), height=0.72 * len(rows)) as (figure, all_axes):
        for axes, (title, values) in zip(all_axes, signals.items(), strict=True):
            size = len(values) - 2 * padding
            if size < 1:
                raise ValueError(f"rows: got {len(values)} values in {title!r}, expected over {2 * padding}")
            for n, value in zip(range(-padding, size + padding), values, strict=True):
                inside = 0 <= n < size
                _cell(axes, n, 0, value, INPUT if inside else MUTED, alpha=0.28 * inside, dashed=not inside)
            axes.set_xlim(-padding - 0.5, size + padding - 0.5)
            _bare(axes, title, 0)
    return Figure(figure, alt)


def feature_maps(x: ArrayLike, maps: Mapping[str, ArrayLike], *, stride: int = 1, alt: str) -> Figure:
    """Draw a signal and, below it on the same axis of positions, the feature maps that a layer made of it.

    Parameters
    ----------
    x : array_like, shape (N,)
        Input signal.
    maps : mapping of str to array_like, shape (M,)
        Label and values of each feature map.
    stride : int
        Input positions between two neighbouring outputs.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no feature map, or an array is not one-dimensional.

    Examples
    --------
    >>> feature_maps([1, 4, 2], {"difference": [3, -2]}, alt="A signal and its two differences.")
    Figure: A signal and its two differences.
    """
    if not maps:
        raise ValueError("maps: got none, expected at least one feature map")
    positive_int("stride", stride)
    rows = [("input $x$", signal("x", x, ndim=1), 1, INPUT)]
    rows += [(label, signal("maps", values, ndim=1), stride, OUTPUT) for label, values in maps.items()]
    with drawing(len(rows), height=1.05 * len(rows) + 0.3, sharex=True) as (figure, all_axes):
        for axes, (label, values, step, colour) in zip(all_axes, rows, strict=True):
            axes.axhline(0, color=MUTED, linewidth=0.6)
            axes.plot(np.arange(len(values)) * step, values, color=colour, linewidth=1.3)
            axes.set_title(label, loc="left")
        all_axes[-1].set_xlabel("input position $n$")
    return Figure(figure, alt)


def receptive_field(size: int, layers: Sequence[tuple[int, int]], *, alt: str) -> Figure:
    """Draw a stack of valid layers and everything that feeds into the middle unit of the last.

    Parameters
    ----------
    size : int
        Number of input positions, drawn as the bottom row.
    layers : sequence of (kernel, stride)
        The layers, from the input upwards.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If there is no layer, or the stack leaves no position in its last layer.

    Examples
    --------
    >>> receptive_field(7, [(3, 1), (3, 1)], alt="A unit that sees five of seven inputs.")
    Figure: A unit that sees five of seven inputs.
    """
    positive_int("size", size)
    if not layers:
        raise ValueError("layers: got none, expected at least one (kernel, stride) pair")
    centres = [np.arange(size, dtype=float)]  # of every row's units, in input positions
    for kernel, stride in layers:
        positive_int("kernel", kernel)
        positive_int("stride", stride)
        below = centres[-1]
        firsts = range(0, len(below) - kernel + 1, stride)
        centres.append(np.array([below[n : n + kernel].mean() for n in firsts]))
    if len(centres[-1]) == 0:
        raise ValueError(f"layers: got {layers}, expected layers that leave something of {size} positions")

    lit = {len(centres[-1]) // 2}
    height = 5.2 / (size + 4) * (len(layers) * _GAP + 1.2)
    with drawing(height=height) as (figure, [axes]):
        for row in range(len(layers), -1, -1):
            colour = OUTPUT if row else INPUT
            for n, centre in enumerate(centres[row]):
                _cell(axes, centre, row * _GAP, None, colour, alpha=0.6 if n in lit else 0.08, dashed=False)
            name = f"layer {row}" if row else "input"
            axes.text(
                -0.7,
                row * _GAP,
                f"{name}: {len(lit)} of {len(centres[row])}",
                ha="right",
                va="center",
                fontsize=9,
            )
            if row:
                lit = _feed(axes, centres, row, lit, layers[row - 1])
        _bare(axes, "", len(layers) * _GAP)
        axes.set_xlim(-4.6, size - 0.5)
    return Figure(figure, alt)


def _feed(
    axes: Axes, centres: list[NDArray[np.float64]], row: int, lit: set[int], layer: tuple[int, int]
) -> set[int]:
    """Draw the lines from row to the row below; return which units there feed the lit ones."""
    kernel, stride = layer
    below = set()
    for n in sorted(lit):
        for k in range(kernel):
            below.add(n * stride + k)
            ends = [centres[row][n], centres[row - 1][n * stride + k]]
            axes.plot(
                ends, [row * _GAP - 0.42, (row - 1) * _GAP + 0.42], color=KERNEL, linewidth=0.9, alpha=0.75
            )
    return below


def _cell(
    axes: Axes, x: float, y: float, value: float | None, colour: str, *, alpha: float, dashed: bool
) -> None:
    """A square of side 0.84 around (x, y), holding a number."""
    corner, line = (x - 0.42, y - 0.42), "--" if dashed else "-"
    if alpha:
        axes.add_patch(Rectangle(corner, 0.84, 0.84, facecolor=colour, alpha=alpha, linewidth=0))
    axes.add_patch(
        Rectangle(corner, 0.84, 0.84, facecolor="none", edgecolor=colour, linestyle=line, linewidth=0.9)
    )
    if value is not None:
        axes.text(x, y - 0.02, _short(value), ha="center", va="center", fontsize=9.5, color=TEXT)


def _bare(axes: Axes, title: str, top: float) -> None:
    axes.set_title(title, loc="left")
    axes.set_aspect("equal")
    axes.set_ylim(-0.55, top + 0.55)
    axes.axis("off")


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
