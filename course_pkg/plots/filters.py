"""Figures of filtered images: grids of numbers, pictures, kernels beside what they do, counts of work."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, integer, real_array, signal
from course_pkg.ops import correlate
from course_pkg.plots.figure import DIVERGING, INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing
from course_pkg.plots.interactive import Interactive

Role = Literal["input", "kernel", "output", "second", "muted"]
Kind = Literal["grey", "signed", "amount"]
Grid = tuple[str, ArrayLike, Role, tuple[slice, slice] | None]
Picture = tuple[str, ArrayLike, Kind]
Kernel = tuple[ArrayLike, float]
Values = NDArray[np.float64]

COLOURS = {"input": INPUT, "kernel": KERNEL, "output": OUTPUT, "second": SECOND, "muted": MUTED}
MAPS: dict[str, Any] = {
    # few shades: an image of many is large on the page
    "grey": matplotlib.colormaps["gray"].resampled(41),
    "signed": DIVERGING.resampled(33),
    "amount": LinearSegmentedColormap.from_list("course-amount", ["#f7f7f7", OUTPUT, "#002a20"], N=33),
}
_LINES = ((OUTPUT, "-"), (SECOND, "--"), (MUTED, ":"))


def number_grids(*rows: Sequence[Grid | str], alt: str) -> Figure:
    """Small matrices with their numbers written in the cells, set in rows like a formula.

    Parameters
    ----------
    *rows : sequences of (title, values, role, lit) or str
        The grids of each row, from left to right, with signs such as ``"+"`` between them. Values are of
        shape (H, W); cells that hold NaN stay empty. The role, one of ``"input"``, ``"kernel"``,
        ``"output"``, ``"second"``, ``"muted"``, names the colour. `lit` is a pair of slices, as from
        ``np.s_[0:2, 1:3]``, that points cells out, or None.
    alt : str
        What the figure shows, in words.

    Raises
    ------
    TypeError, ValueError
        If there is no row, a role is unknown, or values are not a 2D array of numbers.

    Examples
    --------
    >>> number_grids([("x", [[1, 2]], "input", None), "+", ("y", [[3, 4]], "output", None)],
    ...              alt="The row 1, 2 plus the row 3, 4.")
    Figure: The row 1, 2 plus the row 3, 4.
    """
    if not rows or any(all(isinstance(item, str) for item in row) for row in rows):
        raise ValueError("rows: expected at least one row, and a grid in every row")
    sizes = [_size(row) for row in rows]
    width = max(across for _, across in sizes)
    cell = min(5.1 / width, 0.36)  # inches
    room = 0.32 / cell  # cells above a grid, for its title
    height = sum(down + room for down, _ in sizes) + 0.2
    with drawing(height=cell * height) as (figure, [axes]):
        top = 0.0
        for row, (down, across) in zip(rows, sizes, strict=True):
            left, middle = (width - across) / 2, top + room + down / 2
            for item in row:
                if isinstance(item, str):
                    axes.text(left + 0.5, middle, item, ha="center", va="center", fontsize=12)
                    left += 1
                else:
                    left += _draw_grid(axes, item, left, middle, font=11 if cell > 0.3 else 9) + 0.4
            top += down + room
        axes.set(xlim=(-0.1, width + 0.1), ylim=(height, 0), aspect="equal")
        axes.axis("off")
    return Figure(figure, alt)


def pictures(*panels: Picture, columns: int = 2, limit: float | None = None, alt: str) -> Figure:
    """Images side by side, each under its title.

    Parameters
    ----------
    *panels : (title, values, kind)
        Values of shape (H, W). Kind ``"grey"``: 0 is black, 1 is white, what lies beyond is clipped.
        ``"signed"``: vermilion below zero, paper at zero, blue above. ``"amount"``: paper at zero, green
        above it; for values that cannot be negative.
    columns : int
        Images in a row.
    limit : float
        Signed values and amounts of this size, or larger, have the full colour. If it is not given, the
        99th percentile of the magnitudes of each image.
    alt : str
        What the figure shows, in words.

    Raises
    ------
    TypeError, ValueError
        If there is no panel, a kind is unknown, or values are not a 2D array of numbers.

    Examples
    --------
    >>> pictures(("noise", np.full((4, 6), 0.5), "grey"), alt="A rectangle of one grey.")
    Figure: A rectangle of one grey.
    """
    if not panels:
        raise ValueError("panels: expected at least one (title, values, kind), got none")
    images = [signal(title, values, ndim=2) for title, values, _ in panels]
    rows = -(-len(panels) // integer("columns", columns, minimum=1))
    ratio = max(image.shape[0] / image.shape[1] for image in images)
    with drawing(rows, columns, height=rows * (5.2 / columns * ratio + 0.27)) as (figure, grid):
        for axes, (title, _, kind), image in zip(grid, panels, images, strict=False):
            _draw_image(axes, image, kind, limit)
            axes.set_title(title, fontsize=10 if columns < 3 else 9, pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def kernel_gallery(*panels: tuple[str, Kernel, ArrayLike, Kind], alt: str) -> Figure:
    """Kernels, each beside the image that it made.

    Parameters
    ----------
    *panels : (title, (kernel, divisor), image, kind)
        The kernel as whole numbers of shape (K_h, K_w), and the number that divides them; the filtered
        image of shape (H, W) and its kind, as in `pictures`.
    alt : str
        What the figure shows, in words.

    Raises
    ------
    TypeError, ValueError
        If there is no panel, a kind is unknown, or a kernel or image is not a 2D array of numbers.

    Examples
    --------
    >>> kernel_gallery(("copy", ([[1]], 1), np.eye(3), "grey"), alt="A kernel of one copies the image.")
    Figure: A kernel of one copies the image.
    """
    if not panels:
        raise ValueError("panels: expected at least one (title, kernel, image, kind), got none")
    images = [signal(title, image, ndim=2) for title, _, image, _ in panels]
    ratio = max(image.shape[0] / image.shape[1] for image in images)
    options = {"width_ratios": [1.25, 3.2]}
    height = len(panels) * (3.9 * ratio + 0.1) * 0.62
    with drawing(len(panels), 2, height=height, width=4.3, gridspec_kw=options) as (figure, grid):
        pairs = zip(grid[::2], grid[1::2], strict=True)
        for (left, right), (title, (kernel, divisor), _, kind), image in zip(
            pairs, panels, images, strict=True
        ):
            kernel = signal("kernel", kernel, ndim=2)
            _draw_grid(left, ("", kernel, "kernel", None), 0, kernel.shape[0] / 2, font=11)
            left.set(xlim=(0, kernel.shape[1]), ylim=(kernel.shape[0], 0), aspect="equal")
            left.set_title(title)
            if divisor != 1:
                left.text(kernel.shape[1] / 2, kernel.shape[0] + 0.2, f"÷ {divisor:g}", ha="center", va="top")
            _draw_image(right, image, kind, None)
            left.axis("off")
            right.axis("off")
    return Figure(figure, alt)


def costs(x: ArrayLike, counts: Mapping[str, ArrayLike], *, xlabel: str, ylabel: str, alt: str) -> Figure:
    """Work against a size, as lines on two logarithmic axes.

    Parameters
    ----------
    x : array_like, shape (M,)
        The sizes.
    counts : mapping of label to array_like, shape (M,)
        One to three counts, all positive.
    xlabel, ylabel : str
        What is counted along and up.
    alt : str
        What the figure shows, in words.

    Raises
    ------
    ValueError
        If there are no counts or too many, or one does not belong to `x` or is not positive.

    Examples
    --------
    >>> costs([1, 2, 4], {"square": [1, 4, 16]}, xlabel="K", ylabel="products", alt="A line of slope two.")
    Figure: A line of slope two.
    """
    x = signal("x", x, ndim=1)
    if not 1 <= len(counts) <= len(_LINES):
        raise ValueError(f"counts: expected one to {len(_LINES)} labels, got {len(counts)}")
    with drawing(height=2.8) as (figure, [axes]):
        for (label, values), (colour, line) in zip(counts.items(), _LINES, strict=False):
            values = signal(label, values, ndim=1)
            if values.shape != x.shape or values.min() <= 0:
                raise ValueError(f"{label}: expected {len(x)} positive counts, got {values}")
            axes.loglog(x, values, color=colour, linestyle=line, label=label, linewidth=2)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.grid(color=MUTED, alpha=0.25)
        axes.legend()
    return Figure(figure, alt)


def kernel_editor(
    image: ArrayLike, kernels: Mapping[str, Kernel], *, start: str, row: int, column: int
) -> Interactive:
    """An image and what a kernel makes of it; live in `book/_static/figures/kernel_editor.js`.

    There the kernel can be changed, and an output pixel shows the products that made it.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W)
        Grey values, 0 (black) to 255 (white).
    kernels : mapping of name to (kernel, divisor)
        Kernels to choose from, 3×3 or 5×5, and the number that divides each.
    start : str
        The kernel to begin with.
    row, column : int
        The output pixel to begin with.

    Raises
    ------
    TypeError, ValueError
        If the image is not 2D and of uint8, a kernel has another size, or `start`, `row` or `column` is
        not there.

    Examples
    --------
    >>> dot = np.array([[0, 0, 0], [0, 8, 0], [0, 0, 0]], np.uint8)
    >>> kernel_editor(dot, {"blur": (np.ones((3, 3)), 9)}, start="blur", row=0, column=0).settings["divisor"]
    9.0
    """
    pixels = real_array("image", np.asarray(image), ndim=2)
    if pixels.dtype != np.uint8:
        raise TypeError(f"image: got dtype {pixels.dtype}, expected uint8")
    choice("start", start, kernels)
    presets = {name: _preset(name, kernel) for name, kernel in kernels.items()}
    for name, at, size in (("row", row, pixels.shape[0]), ("column", column, pixels.shape[1])):
        if integer(name, at, minimum=0) >= size:
            raise ValueError(f"{name}: got {at}, expected 0 to {size - 1}")
    kernel, divisor = np.array(presets[start]["kernel"]), presets[start]["divisor"]
    y = correlate(pixels, kernel, mode="same") / divisor
    kind: Kind = "grey" if kernel.sum() else "signed"
    alt = (
        f"An image, and the same image filtered with the kernel {start}. The output at row {row} "
        f"and column {column} is {y[row, column]:.1f}: the sum of {kernel.size} products, over {divisor:g}."
    )
    still = pictures(("input", pixels / 255, "grey"), (start, y / 255, kind), alt=alt)
    data = base64.b64encode(pixels.tobytes()).decode()
    settings = {
        "image": {"height": pixels.shape[0], "width": pixels.shape[1], "pixels": data},
        "presets": presets,
        "kernel": presets[start]["kernel"],
        "divisor": divisor,
        "row": row,
        "column": column,
    }
    return Interactive("kernel_editor", settings, still)


def _preset(name: str, kernel: Kernel) -> dict[str, Any]:
    values, divisor = signal(name, kernel[0], ndim=2), float(kernel[1])
    if values.shape not in ((3, 3), (5, 5)) or divisor <= 0:
        raise ValueError(f"{name}: got shape {values.shape}, divisor {divisor}, expected 3×3 or 5×5, above 0")
    return {"kernel": values.tolist(), "divisor": divisor}


def _size(row: Sequence[Grid | str]) -> tuple[float, float]:
    # cells down and across; 1 for a sign, 0.4 after a grid
    grids = [signal(item[0], item[1], ndim=2).shape for item in row if not isinstance(item, str)]
    return max(h for h, _ in grids), sum(w + 0.4 for _, w in grids) + len(row) - len(grids)


def _draw_grid(axes: Axes, grid: Grid, left: float, middle: float, font: float) -> float:
    title, values, role, lit = grid
    values = signal(title or "kernel", values, ndim=2)
    colour = COLOURS[choice("role", role, COLOURS)]
    strong = np.zeros(values.shape, dtype=bool)
    strong[np.s_[:0, :0] if lit is None else lit] = True
    top = middle - values.shape[0] / 2
    for (m, n), value in np.ndenumerate(values):
        cell = Rectangle((left + n + 0.04, top + m + 0.04), 0.92, 0.92, linewidth=0.4, edgecolor=MUTED)
        cell.set_facecolor("none" if np.isnan(value) else (colour, 0.5 if strong[m, n] else 0.16))
        axes.add_patch(cell)
        if not np.isnan(value):
            text = f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
            axes.text(
                left + n + 0.5, top + m + 0.52, text, ha="center", va="center", fontsize=font, color=TEXT
            )
    axes.text(left + values.shape[1] / 2, top - 0.15, title, ha="center", va="bottom", color=colour)
    return float(values.shape[1])


def _draw_image(axes: Axes, image: Values, kind: str, limit: float | None) -> None:
    choice("kind", kind, MAPS)
    if limit is None:
        limit = float(np.percentile(abs(image), 99)) or 1.0
    low, high = {"grey": (0.0, 1.0), "signed": (-limit, limit), "amount": (0.0, limit)}[kind]
    axes.imshow(image, cmap=MAPS[kind], vmin=low, vmax=high, interpolation="none")
