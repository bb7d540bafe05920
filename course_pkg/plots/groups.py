"""Figures of chapter 18: digits that turn and maps that follow, errors by layer, by angle, by examples."""

import base64
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator, NullFormatter, NullLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import choice, has_shape, integer, real_array, signal
from course_pkg.data.rotated import rotate
from course_pkg.ops import conv2d
from course_pkg.plots.figure import MUTED, OUTPUT, SECOND, Figure, drawing
from course_pkg.plots.filters import MAPS
from course_pkg.plots.interactive import Interactive

Values = NDArray[np.float64]

STEP = 15  # degrees from one turn to the next in the live figure

# what is compared, in this order: told apart by dashes and marks, not by colour alone
_CURVES = ((SECOND, "--", "s"), (OUTPUT, "-", "o"), (MUTED, ":", "^"))
_FLOOR = 1e-8  # no error of float32 is smaller without being 0


def errors_by_layer(layers: Sequence[str], nets: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw the equivariance error behind each layer on a logarithmic scale, the first layer on top.

    Parameters
    ----------
    layers : sequence of str
        What the layers are called.
    nets : mapping of label to array_like, shape (layers,)
        Errors of one to three networks, 0 or more; what is below 10⁻⁸ is drawn there.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError, ValueError
        If there is no network, or more than three, or one has not an error for each layer.

    Examples
    --------
    >>> nets = {"plain": [0.9, 1.1], "p4": [1e-7, 0]}
    >>> errors_by_layer(["conv", "pool"], nets, alt="Near one, and near zero.")
    Figure: Near one, and near zero.
    """
    rows = np.arange(len(layers))
    with drawing(height=1.1 + 0.21 * len(layers)) as (figure, [axes]):
        for (label, values), (colour, line, mark) in _styled("nets", nets):
            errors = signal(f"nets[{label!r}]", values, ndim=1)
            if len(errors) != len(layers) or errors.min() < 0:
                raise ValueError(f"nets[{label!r}]: got {errors}, expected {len(layers)} errors of 0 or more")
            at = np.maximum(errors, _FLOOR)
            axes.plot(at, rows, line, color=colour, marker=mark, markersize=4.5, linewidth=1, label=label)
        axes.axvline(1e-5, color=MUTED, linewidth=0.8)
        axes.text(1.4e-5, -0.55, "$10^{-5}$", va="center", fontsize=9, color=MUTED)
        axes.set(xscale="log", xlim=(_FLOOR / 2, 5), xlabel="equivariance error")
        axes.set(yticks=rows, yticklabels=layers, ylim=(len(layers) - 0.4, -0.9))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper center", ncols=len(nets))
    return Figure(figure, alt)


def by_angle(degrees: ArrayLike, curves: Mapping[str, ArrayLike], *, ylabel: str, alt: str) -> Figure:
    """Draw shares against the angle by which an image was turned, with the quarter turns marked.

    Parameters
    ----------
    degrees : array_like, shape (angles,)
        The angles.
    curves : mapping of label to array_like, shape (angles,)
        One to three curves, values as fractions.
    ylabel : str
        What the curves are.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError, ValueError
        If there is no curve, or more than three, or one has not a value for each angle.

    Examples
    --------
    >>> by_angle([0, 90], {"net": [0, 0.5]}, ylabel="change", alt="It changes by half when turned by 90°.")
    Figure: It changes by half when turned by 90°.
    """
    at = signal("degrees", degrees, ndim=1)
    with drawing(height=2.7) as (figure, [axes]):
        for (label, values), (colour, line, _) in _styled("curves", curves):
            axes.plot(at, _as_many(f"curves[{label!r}]", values, at), line, color=colour, label=label)
        _percent(axes)
        axes.set(xlabel="turn of the image, in degrees", ylabel=ylabel)
        axes.set_ylim(0, 1.35 * axes.get_ylim()[1])  # room for the names of the curves
        axes.xaxis.set_major_locator(MultipleLocator(90))
        axes.xaxis.set_minor_locator(MultipleLocator(45))
        axes.grid(axis="x", color=MUTED, alpha=0.6, linewidth=0.8)
        axes.legend(loc="upper left", ncols=2)
    return Figure(figure, alt)


def by_examples(counts: ArrayLike, curves: Mapping[str, ArrayLike], *, alt: str) -> Figure:
    """Draw test errors against the number of training examples, a mark a run and a line through the means.

    Parameters
    ----------
    counts : array_like, shape (counts,)
        Numbers of training examples; drawn on a logarithmic scale.
    curves : mapping of label to array_like, shape (seeds, counts)
        Errors as fractions, of one to three networks.
    alt : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError, ValueError
        If there is no curve, or more than three, or one has not an error for each count, or a count is not
        positive.

    Examples
    --------
    >>> by_examples([250, 1000], {"net": [[0.3, 0.2], [0.4, 0.2]]}, alt="Fewer mistakes with more examples.")
    Figure: Fewer mistakes with more examples.
    """
    at = signal("counts", counts, ndim=1)
    if at.min() <= 0:
        raise ValueError(f"counts: got {at}, expected positive numbers")
    with drawing(height=2.8) as (figure, [axes]):
        for (label, values), (colour, line, mark) in _styled("curves", curves):
            runs = _as_many(f"curves[{label!r}]", np.atleast_2d(np.asarray(values)), at)
            axes.plot(at, runs.mean(axis=0), line, color=colour, marker=mark, markersize=5, label=label)
            axes.plot(at, runs.T, mark, color=colour, markersize=3, alpha=0.45)
        _percent(axes)
        axes.set(xscale="log", xlabel="training examples", ylabel="test error", xticks=at)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.legend()
    return Figure(figure, alt)


def turn_explorer(
    images: Mapping[str, ArrayLike], kernels: Mapping[str, ArrayLike], *, image: str, kernel: str, turn: int
) -> Interactive:
    """A digit to turn, what one kernel and its four turned copies make of it; live in `turn_explorer.js`.

    Parameters
    ----------
    images : mapping of name to array_like of uint8, shape (S, S)
        Images to choose from, of one size.
    kernels : mapping of name to array_like, shape (3, 3)
        Kernels to choose from.
    image, kernel : str
        Those to begin with.
    turn : int
        How far the image is turned at the beginning, in steps of 15°, from 0 to 23.

    Returns
    -------
    Interactive

    Raises
    ------
    TypeError, ValueError
        If images are not of uint8, square and of one size, a kernel is not 3×3, or what to begin with is not
        among the choices.

    Examples
    --------
    >>> dot = np.diag([0, 9, 0, 0, 0]).astype(np.uint8)
    >>> explorer = turn_explorer({"dot": dot}, {"sum": np.ones((3, 3))}, image="dot", kernel="sum", turn=6)
    >>> explorer.settings["turn"]
    6
    """
    pixels = {name: real_array(name, np.asarray(values), ndim=2) for name, values in images.items()}
    if any(values.dtype != np.uint8 for values in pixels.values()):
        raise TypeError(f"images: got {[str(values.dtype) for values in pixels.values()]}, expected uint8")
    sizes = sorted({values.shape for values in pixels.values()})
    if len(sizes) != 1 or sizes[0][0] != sizes[0][1]:
        raise ValueError(f"images: got the sizes {sizes}, expected squares of one size")
    weights = {
        name: has_shape(name, signal(name, values), (3, 3), "as in the live figure").astype(float)
        for name, values in kernels.items()
    }
    choice("image", image, pixels)
    choice("kernel", kernel, weights)
    if integer("turn", turn, minimum=0) * STEP >= 360:
        raise ValueError(f"turn: got {turn}, expected 0 to {360 // STEP - 1}")
    settings = {
        "size": sizes[0][0],
        "step": STEP,
        "images": {name: base64.b64encode(values.tobytes()).decode() for name, values in pixels.items()},
        "kernels": {name: values.tolist() for name, values in weights.items()},
        "image": image,
        "kernel": kernel,
        "turn": turn,
    }
    return Interactive("turn_explorer", settings, _turned(pixels[image] / 255, weights[kernel], turn * STEP))


def _turned(x: Values, w: Values, degrees: int) -> Figure:
    """The four maps of the image, above those of the turned image."""

    def turned(maps: Values) -> Values:
        return rotate(maps[None], np.array([float(degrees)]))[0].astype(float)

    copies = np.stack([np.rot90(w, k) for k in range(4)])[:, None]  # (4, 1, 3, 3)
    upright = np.maximum(conv2d(x[None], copies), 0)  # (4, S - 2, S - 2)
    got = np.maximum(conv2d(turned(x[None]), copies), 0)
    plain = np.linalg.norm(got[0] - turned(upright[:1])[0]) / np.linalg.norm(upright[0])
    largest = upright.max(axis=0, keepdims=True)
    pooled = np.linalg.norm(got.max(axis=0) - turned(largest)[0]) / np.linalg.norm(largest)
    limit = float(upright.max())
    with drawing(2, 4, height=3.3) as (figure, grid):
        for i, axes in enumerate(grid):
            maps = upright if i < 4 else got
            axes.imshow(maps[i % 4], cmap=MAPS["amount"], vmin=0, vmax=limit, interpolation="nearest")
            axes.set_title(f"kernel at {90 * (i % 4)}°", fontsize=9, pad=3)
            axes.axis("off")
    alt = (
        "Four maps of an image, made by a kernel and its copies turned by 90°, 180° and 270°, and below them "
        f"those of the image turned by {degrees}°. The first map is off by {plain:.0%} from itself, "
        f"turned; the largest of the four by {pooled:.0%}."
    )
    return Figure(figure, alt)


def _styled(
    name: str, curves: Mapping[str, ArrayLike]
) -> list[tuple[tuple[str, ArrayLike], tuple[str, str, str]]]:
    if not 1 <= len(curves) <= len(_CURVES):
        raise ValueError(f"{name}: got {len(curves)}, expected one to {len(_CURVES)}")
    return list(zip(curves.items(), _CURVES, strict=False))


def _as_many(name: str, values: ArrayLike, at: Values) -> Values:
    checked = signal(name, values, ndim=(1, 2))
    if checked.shape[-1] != len(at) or checked.min() < 0:
        raise ValueError(f"{name}: got {checked}, expected {len(at)} values of 0 or more")
    return checked


def _percent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
