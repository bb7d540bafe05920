"""Figures of chapter 12: signals through depth, confusion matrices, the network that reads digits."""

import base64
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, has_shape, positive_int, real_array, signal
from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, SECOND, TEXT, Figure, drawing
from course_pkg.plots.filters import MAPS
from course_pkg.plots.interactive import Interactive

# told apart by dashes and marks, not by colour alone
_CURVES = ((OUTPUT, "-", "o"), (SECOND, "--", "s"), (INPUT, "-.", "^"), (MUTED, ":", "v"), (KERNEL, "-", "D"))
# the parameters of LeNet5("modern"), in their order
_LENET = {
    "C1.weight": (6, 1, 5, 5),
    "C1.bias": (6,),
    "C3.weight": (16, 6, 5, 5),
    "C3.bias": (16,),
    "C5.weight": (120, 400),
    "C5.bias": (120,),
    "F6.weight": (84, 120),
    "F6.bias": (84,),
    "output.weight": (10, 84),
    "output.bias": (10,),
}
_MAPS = {"C1": (6, 28, 28), "C3": (16, 10, 10)}


def through_depth(
    curves: Mapping[str, ArrayLike], *, layers: Sequence[str] = (), ylabel: str, alt: str
) -> Figure:
    """Draw what is measured layer by layer, on a logarithmic scale.

    Parameters
    ----------
    curves : mapping of label to array_like, shape (layers,)
        One to five curves; every value positive.
    layers : sequence of str
        Names of the layers; if there are none they are counted, from 0.
    ylabel : str
        What is measured.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If a curve holds anything but numbers.
    ValueError
        If there are not one to five curves, a value is not positive, or there is not one for each name.

    Examples
    --------
    >>> through_depth({"halved": [1, 0.5, 0.25]}, ylabel="size", alt="The size halves with each layer.")
    Figure: The size halves with each layer.
    """
    if not 1 <= len(curves) <= len(_CURVES):
        raise ValueError(f"curves: got {len(curves)}, expected one to {len(_CURVES)}")
    with drawing(height=3.2) as (figure, [axes]):
        for (label, values), (colour, line, mark) in zip(curves.items(), _CURVES, strict=False):
            heights = signal(f"curves[{label!r}]", values, ndim=1)
            if heights.min() <= 0:
                raise ValueError(f"curves[{label!r}]: got {heights.min()}, expected positive numbers only")
            if layers and len(layers) != len(heights):
                raise ValueError(f"curves[{label!r}]: got {len(heights)}, expected one for each of {layers}")
            every = 1 if layers else 2
            axes.plot(heights, line, marker=mark, markevery=every, ms=4, color=colour, label=label)
        axes.set(yscale="log", xlabel="layer", ylabel=ylabel)
        if layers:
            axes.set_xticks(range(len(layers)), layers)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
        figure.legend(loc="outside upper center", ncols=2, columnspacing=1.2)
    return Figure(figure, alt)


def confusion(counts: ArrayLike, *, names: Sequence[str] = (), alt: str) -> Figure:
    """Draw which class was taken for which: truth down, answer across, the mistakes in colour.

    Parameters
    ----------
    counts : array_like, shape (classes, classes)
        How many examples of the class of the row got the answer of the column.
    names : sequence of str
        Names of the classes; if there are none they are counted, from 0.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError, ValueError
        If the counts are not a square table of numbers, one is negative, or there is not a name for each
        class.

    Examples
    --------
    >>> confusion([[9, 1], [0, 8]], alt="One mistake: a 0 was taken for a 1.")
    Figure: One mistake: a 0 was taken for a 1.
    """
    table = signal("counts", counts, ndim=2)
    if table.shape[0] != table.shape[1] or table.min() < 0:
        raise ValueError(
            f"counts: got shape {table.shape} from {table.min():g} up, expected a square, no negative number"
        )
    if names and len(names) != len(table):
        raise ValueError(f"names: got {len(names)}, expected {len(table)}, one for each class")
    wrong = np.where(np.eye(len(table), dtype=bool), 0, table)
    most = max(wrong.max(), 1)
    with drawing(height=4.2, width=4.6) as (figure, [axes]):
        for (truth, answer), count in np.ndenumerate(table):
            if not count:
                continue
            right = truth == answer
            strength = 0.22 if right else 0.25 + 0.5 * count / most
            colour = (OUTPUT if right else KERNEL, strength)
            corner = (answer - 0.47, truth - 0.47)
            axes.add_patch(Rectangle(corner, 0.94, 0.94, facecolor=colour, linewidth=0))
            axes.text(answer, truth, f"{count:g}", ha="center", va="center_baseline", fontsize=9, color=TEXT)
        ticks = range(len(table))
        axes.set(xticks=ticks, yticks=ticks, xlabel="answer of the network", ylabel="truth", aspect="equal")
        axes.set(xlim=(-0.6, len(table) - 0.4), ylim=(len(table) - 0.4, -0.6))
        if names:
            axes.set_yticks(ticks, names)
            axes.set_xticks(ticks, names, rotation=90 if max(map(len, names)) > 2 else 0)
        axes.tick_params(length=0)
    return Figure(figure, alt)


def digit_reader(
    weights: Mapping[str, ArrayLike],
    samples: Mapping[str, ArrayLike],
    *,
    start: str,
    maps: Mapping[str, ArrayLike],
    scores: ArrayLike,
    pen: int = 3,
) -> Interactive:
    """A pad to draw a digit on, and a trained LeNet that reads it; live in `figures/digit_reader.js`.

    Parameters
    ----------
    weights : mapping of name to array_like
        The parameters of `LeNet5("modern")`, as its `state_dict` gives them.
    samples : mapping of title to array_like of uint8, shape (28, 28)
        Digits to choose from, 0 (paper) to 255 (ink).
    start : str
        The title of the one to begin with.
    maps : mapping of layer to array_like
        For the still, what the network makes of that one: C1 (6, 28, 28) and C3 (16, 10, 10), after ReLU.
    scores : array_like, shape (10,)
        For the still, its scores.
    pen : int
        Width of the pen to begin with, in pixels of the 28, from 1 to 6.

    Raises
    ------
    TypeError, ValueError
        If the weights or maps are not those of this network, samples are not of uint8 or of another size,
        `start` is none of them, or `pen` is not 1 to 6.

    Examples
    --------
    >>> weights = {name: np.zeros(shape) for name, shape in _LENET.items()}
    >>> maps = {name: np.zeros(shape) for name, shape in _MAPS.items()}
    >>> blank = {"nothing": np.zeros((28, 28), np.uint8)}
    >>> digit_reader(weights, blank, start="nothing", maps=maps, scores=np.eye(10)[3]).settings["pen"]
    3
    """
    given = {name.removeprefix("layers."): np.asarray(values) for name, values in weights.items()}
    if given.keys() != _LENET.keys():
        raise ValueError(f"weights: got {sorted(given)}, expected {sorted(_LENET)}")
    parts = [has_shape(name, given[name], shape, "as in LeNet5") for name, shape in _LENET.items()]
    pixels = {title: _pixels(title, image) for title, image in samples.items()}
    choice("start", start, pixels)
    if positive_int("pen", pen) > 6:
        raise ValueError(f"pen: got {pen}, expected 1 to 6")
    settings = {
        "weights": _in_base64(np.concatenate([part.ravel() for part in parts]).astype("<f4")),
        "shapes": [[name, list(shape)] for name, shape in _LENET.items()],
        "samples": [{"title": title, "pixels": _in_base64(image)} for title, image in pixels.items()],
        "sample": list(pixels).index(start),
        "pen": pen,
    }
    shown = {
        name: has_shape(f"maps[{name!r}]", signal(name, maps[name], ndim=3), shape, "as in LeNet5")
        for name, shape in _MAPS.items()
    }
    ten = has_shape("scores", signal("scores", scores), (10,), "one a digit")
    return Interactive("digit_reader", settings, _reading(start, pixels[start], shown, ten))


def _reading(
    title: str,
    pixels: NDArray[np.uint8],
    maps: Mapping[str, NDArray[np.float64]],
    scores: NDArray[np.float64],
) -> Figure:
    """The digit beside the shares of the ten answers, above the maps of both convolutions."""
    powers = np.exp(scores - scores.max())
    share = powers / powers.sum()
    best = int(share.argmax())
    with drawing(2, 2, height=4.6, gridspec_kw={"height_ratios": [1.15, 1]}) as (figure, grid):
        grid[0].imshow(pixels, cmap=MAPS["grey"], vmin=0, vmax=255, interpolation="nearest")
        grid[0].set_title(title, pad=3)
        colours = [OUTPUT if digit == best else MUTED for digit in range(10)]
        grid[1].barh(range(10), share, color=colours, height=0.7)
        grid[1].set(yticks=range(10), ylim=(9.6, -0.6), xlim=(0, 1), xlabel="share")
        _tile(grid[2], maps["C1"], columns=3)
        grid[2].set_title("C1: six maps of 28 × 28", pad=3)
        _tile(grid[3], maps["C3"], columns=4)
        grid[3].set_title("C3: sixteen maps of 10 × 10", pad=3)
        for axes in (grid[0], grid[2], grid[3]):
            axes.axis("off")
    alt = (
        f"The sample {title!r}, six maps of the first convolution, sixteen of the second, and ten bars. The "
        f"network reads a {best}, with a share of {share[best]:.0%}."
    )
    return Figure(figure, alt)


def _tile(axes: Axes, maps: NDArray[np.float64], columns: int) -> None:
    count, height, width = maps.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)  # NaN: the page shows
    for i, values in enumerate(maps):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        sheet[top : top + height, left : left + width] = values
    axes.imshow(sheet, cmap=MAPS["amount"], vmin=0, vmax=maps.max() or 1, interpolation="nearest")


def _pixels(title: str, image: ArrayLike) -> NDArray[np.uint8]:
    values = has_shape(f"samples[{title!r}]", real_array(title, np.asarray(image)), (28, 28), "as in MNIST")
    if values.dtype != np.uint8:
        raise TypeError(f"samples[{title!r}]: got dtype {values.dtype}, expected uint8")
    return values


def _in_base64(values: NDArray[np.float32] | NDArray[np.uint8]) -> str:
    return base64.b64encode(values.tobytes()).decode()
