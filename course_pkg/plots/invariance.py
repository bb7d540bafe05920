"""Figures of chapter 8: pooling on numbers, what a shift changes, errors of equivariance, spans of taps."""

import base64
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, has_shape, integer, positive_int, real_array, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, Figure, drawing
from course_pkg.plots.filters import MAPS
from course_pkg.plots.interactive import Interactive

Values = NDArray[np.float64]
Layer = Callable[[Values], Values]
Move = Callable[[Values, float], Values]

# what is compared, in this order: told apart by dashes and marks, not by colour alone
_CURVES = ((SECOND, ":", "s"), (OUTPUT, "--", "^"), (INPUT, "-", "o"))


def max_pooling(x: ArrayLike, y: ArrayLike, *, kernel: int, stride: int, alt: str) -> Figure:
    """Draw a table of numbers, the windows on it, and what pooling takes from each.

    Cells that equal the output of their window are drawn strong.

    Parameters
    ----------
    x : array_like, shape (H, W)
        The input.
    y : array_like, shape (M_h, M_w)
        The pooled values.
    kernel, stride : int
        Size of the square windows, and the step between them.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If the tables are not 2D, a number is less than 1, or a window reaches past the input.

    Examples
    --------
    >>> max_pooling([[1, 2], [3, 4]], [[4]], kernel=2, stride=2, alt="The largest of four numbers is 4.")
    Figure: The largest of four numbers is 4.
    """
    below, above = signal("x", x, ndim=2), signal("y", y, ndim=2)
    K, S = positive_int("kernel", kernel), positive_int("stride", stride)
    if any((m - 1) * S + K > n for m, n in zip(above.shape, below.shape, strict=True)):
        raise ValueError(f"y: got shape {above.shape}, windows reach past x of shape {below.shape}")
    strong = np.zeros(below.shape, dtype=bool)
    for (m, n), value in np.ndenumerate(above):
        window = np.s_[m * S : m * S + K, n * S : n * S + K]
        strong[window] |= below[window] == value
    (height, width), gap = below.shape, 1.2
    across = width + gap + above.shape[1]
    with drawing(height=0.42 * (height + 0.8), width=0.42 * across + 0.3) as (figure, [axes]):
        for (m, n), value in np.ndenumerate(below):
            _cell(axes, n, m, value, INPUT, 0.55 if strong[m, n] else 0.12)
        for m, n in np.ndindex(above.shape):
            corner = (n * S - 0.5, m * S - 0.5)
            axes.add_patch(Rectangle(corner, K, K, fill=False, edgecolor=KERNEL, linewidth=2))
        top = (height - above.shape[0]) / 2
        for (m, n), value in np.ndenumerate(above):
            _cell(axes, width + gap + n, top + m, value, OUTPUT, 0.4)
        axes.text((width - 1) / 2, -0.65, "input x", ha="center", va="bottom", color=INPUT)
        middle = width + gap + (above.shape[1] - 1) / 2
        axes.text(middle, top - 0.65, "output y", ha="center", va="bottom", color=OUTPUT)
        _bare(axes, (-0.6, across - 0.4), (height - 0.4, -1.3))
    return Figure(figure, alt)


def grouped(rows: Mapping[str, tuple[ArrayLike, ArrayLike]], *, kernel: int, alt: str) -> Figure:
    """Draw signals and what pooling makes of their groups; what differs from the first row is drawn strong.

    Parameters
    ----------
    rows : mapping of title to (x, y)
        Signals of shape (N,) and their pooled values of shape (M,), one for each group of `kernel` inputs.
    kernel : int
        How many inputs make a group.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If there is no row, rows differ in shape, or the groups do not cover the input.

    Examples
    --------
    >>> grouped({"old": ([1, 2], [2]), "new": ([2, 1], [2])}, kernel=2, alt="Two inputs have changed places.")
    Figure: Two inputs have changed places.
    """
    K = positive_int("kernel", kernel)
    if not rows:
        raise ValueError("rows: got none, expected at least one title and pair (x, y)")
    pairs = {title: (signal("x", x, ndim=1), signal("y", y, ndim=1)) for title, (x, y) in rows.items()}
    first_x, first_y = next(iter(pairs.values()))
    for title, (x, y) in pairs.items():
        if x.shape != first_x.shape or len(x) != K * len(y):
            raise ValueError(
                f"rows: got {len(x)} inputs and {len(y)} outputs in {title!r}, expected {len(first_x)} and "
                f"one output for each group of {K}"
            )
    size, high = len(first_x), 3.1
    with drawing(height=0.5 * high * len(pairs)) as (figure, [axes]):
        for row, (title, (x, y)) in enumerate(pairs.items()):
            top = row * high
            axes.text(-0.5, top - 0.6, title, ha="left", va="bottom")
            for n, value in enumerate(x):
                _cell(axes, n, top, value, INPUT, 0.5 if value != first_x[n] else 0.12)
            for m, value in enumerate(y):
                middle = m * K + (K - 1) / 2
                axes.plot([m * K - 0.4, m * K + K - 0.6], [top + 0.62] * 2, color=KERNEL, linewidth=2)
                _cell(axes, middle, top + 1.25, value, OUTPUT, 0.6 if value != first_y[m] else 0.12)
        _bare(axes, (-0.6, size - 0.4), (len(pairs) * high - 1.2, -1.3))
    return Figure(figure, alt)


def errors(
    at: Sequence[str] | Sequence[int], curves: Mapping[str, ArrayLike], *, xlabel: str, alt: str
) -> Figure:
    """Draw equivariance errors against shifts, or after each layer, for up to three ways to build a network.

    Parameters
    ----------
    at : sequence of str or int, (points,)
        Names of layers, or shifts.
    curves : mapping of label to array_like, shape (points,)
        Errors as fractions.
    xlabel : str
        What `at` is.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If there is no curve, or more than three, or one has not an error for each point.

    Examples
    --------
    >>> errors(["conv", "pool"], {"max": [0, 0.3]}, xlabel="layer", alt="Zero, and after pooling 0.3.")
    Figure: Zero, and after pooling 0.3.
    """
    if not 1 <= len(curves) <= len(_CURVES):
        raise ValueError(f"curves: got {len(curves)}, expected one to {len(_CURVES)}")
    with drawing(height=2.7) as (figure, [axes]):
        for (label, values), (colour, line, mark) in zip(curves.items(), _CURVES, strict=False):
            heights = signal(label, values, ndim=1)
            if len(heights) != len(at) or heights.min() < 0:
                raise ValueError(f"{label}: got {heights}, expected {len(at)} errors of 0 or more")
            axes.plot(np.asarray(at), heights, line, marker=mark, color=colour, markersize=4.5, label=label)
        axes.set(xlabel=xlabel, ylabel="equivariance error")
        axes.set_ylim(0, 1.45 * axes.get_ylim()[1])  # room for the names of the curves
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
        axes.legend(loc="upper left")
    return Figure(figure, alt)


def spans(panels: Mapping[str, tuple[int, int, int]], *, alt: str) -> Figure:
    """Draw how the taps of a kernel, each as wide as what it sees, together cover the input.

    Parameters
    ----------
    panels : mapping of title to (taps, width, step)
        Number of taps, input positions that one tap sees, and input positions between neighbouring taps.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If there is no panel, or a number is not an integer of at least 1.

    Examples
    --------
    >>> spans({"one layer": (5, 1, 1)}, alt="Five taps side by side cover five positions.")
    Figure: Five taps side by side cover five positions.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one title with (taps, width, step)")
    checked = {title: [positive_int(f"panels[{title!r}]", v) for v in p] for title, p in panels.items()}
    reach = max((taps - 1) * step + width for taps, width, step in checked.values())
    heights = [0.14 * taps + 0.62 for taps, _, _ in checked.values()]
    sizes = {"height_ratios": heights}
    with drawing(len(panels), height=sum(heights), gridspec_kw=sizes) as (figure, grid):
        for axes, (title, (taps, width, step)) in zip(grid, checked.items(), strict=True):
            size = (taps - 1) * step + width
            for k in range(taps):
                bar = Rectangle((k * step, k), width, 0.78, facecolor=(KERNEL, 0.45), edgecolor=KERNEL)
                axes.add_patch(bar)
            axes.add_patch(Rectangle((0, taps + 0.4), size, 0.9, facecolor=(INPUT, 0.6), edgecolor=INPUT))
            axes.text(size + 0.4, taps + 0.85, f"{size} inputs", va="center", color=INPUT)
            axes.set_title(title, loc="left", pad=3)
            axes.set(xlim=(-0.2, reach + 7), ylim=(taps + 1.5, -0.3))
            axes.axis("off")
    return Figure(figure, alt)


def shift_explorer(
    images: Mapping[str, ArrayLike],
    kernel: ArrayLike,
    layers: Mapping[str, Layer],
    move: Move,
    *,
    start: str,
    by: int,
) -> Interactive:
    """An image to shift, and what four layers make of it; live in `book/_static/figures/shift_explorer.js`.

    There the layers are: the kernel on an image that is a ring, and ReLU; the same with stride 2; followed by
    2×2 max pooling; followed by max-blur-pooling.

    Parameters
    ----------
    images : mapping of name to array_like of uint8, shape (H, W)
        Images to choose from, of one even size.
    kernel : array_like, shape (3, 3)
        The kernel of all layers.
    layers : mapping of title to function
        The same four layers, from (1, H, W) to (1, H / s, W / s), for the still.
    move : function of array and shift
        Shifts an array to the right by a number of positions, whole or not.
    start : str
        The image to begin with.
    by : int
        The shift to begin with, in pixels, from 0 to 8.

    Raises
    ------
    TypeError, ValueError
        If images are not of uint8, 2D and of one even size, the kernel is not 3×3, there are not four layers,
        or `start` or `by` is not among the choices.

    Examples
    --------
    >>> layers = dict.fromkeys(["conv", "stride", "max", "blur"], np.abs)
    >>> dot = np.eye(4, dtype=np.uint8)
    >>> shift_explorer({"dot": dot}, np.ones((3, 3)), layers, lambda x, by: np.roll(x, int(by), -1),
    ...                start="dot", by=1).settings["shift"]
    1
    """
    pixels = {name: real_array(name, np.asarray(image), ndim=2) for name, image in images.items()}
    if any(image.dtype != np.uint8 for image in pixels.values()):
        raise TypeError(f"images: got {[str(i.dtype) for i in pixels.values()]}, expected uint8")
    sizes = {image.shape for image in pixels.values()}
    if len(sizes) != 1 or any(n % 2 for size in sizes for n in size):
        raise ValueError(f"images: got the sizes {sorted(sizes)}, expected one even size")
    weights = has_shape("kernel", signal("kernel", kernel), (3, 3), "as in the live figure")
    if len(layers) != 4:
        raise ValueError(f"layers: got {len(layers)}, expected 4")
    choice("start", start, pixels)
    if integer("by", by, minimum=0) > 8:
        raise ValueError(f"by: got {by}, expected 0 to 8")
    [(height, width)] = sizes
    encoded = {name: base64.b64encode(image.tobytes()).decode() for name, image in pixels.items()}
    settings = {"height": height, "width": width, "images": encoded, "kernel": weights.tolist()}
    settings |= {"image": start, "shift": by}
    return Interactive("shift_explorer", settings, _followed(pixels[start] / 255, layers, move, by))


def _followed(x: Values, layers: Mapping[str, Layer], move: Move, by: int) -> Figure:
    """The outputs for the shifted image, above their differences from the shifted outputs."""
    says = []
    with drawing(2, 4, height=3.3) as (figure, grid):
        for upper, lower, (title, layer) in zip(grid[:4], grid[4:], layers.items(), strict=True):
            y, got = layer(x[None])[0], layer(move(x[None], by))[0]
            difference = got - move(y, by * y.shape[-1] / x.shape[-1])
            error = np.linalg.norm(difference) / np.linalg.norm(y)
            says.append(f"{title} {error:.0%}")
            limit = float(abs(y).max())
            upper.imshow(got, cmap=MAPS["amount"], vmin=0, vmax=limit, interpolation="nearest")
            lower.imshow(difference, cmap=MAPS["signed"], vmin=-limit, vmax=limit, interpolation="nearest")
            upper.set_title(title, fontsize=9, pad=3)
            lower.set_title(f"differs: {error:.0%}", fontsize=9, pad=3)
        for axes in grid:
            axes.axis("off")
    pixels = "one pixel" if by == 1 else f"{by} pixels"
    alt = f"Outputs of four layers for an image shifted by {pixels}, and how far each is from its own "
    return Figure(figure, f"{alt}output, shifted: {', '.join(says)}.")


def _cell(axes: Axes, x: float, y: float, value: float, colour: str, strength: float) -> None:
    cell = Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, linewidth=0.6, edgecolor=MUTED)
    cell.set_facecolor((colour, strength))
    axes.add_patch(cell)
    text = f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
    axes.text(x, y + 0.03, text, ha="center", va="center", fontsize=11)


def _bare(axes: Axes, xlim: tuple[float, float], ylim: tuple[float, float]) -> None:
    axes.set(xlim=xlim, ylim=ylim, aspect="equal")
    axes.axis("off")
