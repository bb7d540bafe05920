"""Figures of segmentation: photographs beside maps of classes and probabilities, and scores of each class."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from course_pkg._validate import integer, positive_int, real_array, signal
from course_pkg.plots.figure import MUTED, OUTPUT, SECOND, Figure, drawing
from course_pkg.plots.filters import MAPS
from course_pkg.plots.interactive import Interactive

VOID = 255  # a pixel that does not count
# of class 1, 2, ...; each is named in the picture as well, since nobody tells ten colours apart
CLASS_COLOURS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00",
    "#56b4e9", "#8a6bd1", "#8f8b00", "#c23b5a", "#4f9a94",
)  # fmt: skip
_NAMED = 12  # pixels that a region needs to have its name written on it, in a picture of 64×64


def maps(*panels: tuple[str, ArrayLike], names: Sequence[str], columns: int = 3, alt: str) -> Figure:
    """Photographs, maps of classes and maps of probabilities side by side, each under its title.

    Parameters
    ----------
    *panels : (title, values)
        Numbers of shape (3, H, W): a photograph, red, green and blue from 0 to 1. Whole numbers of shape
        (H, W): the class of each pixel, 0 for background, 255 where it does not count. Other numbers of shape
        (H, W): probabilities, paper at 0, dark green at 1.
    names : sequence of str
        Names of the classes, that of the background first; written on their regions.
    columns : int
        Pictures in a row.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If values are no numbers.
    ValueError
        If there is no panel, values have another shape, or a class has no name.

    Examples
    --------
    >>> mask = np.array([[0, 0, 1], [0, 1, 1]])
    >>> maps(("truth", mask), names=["background", "cat"], alt="A cat at the right, three pixels large.")
    Figure: A cat at the right, three pixels large.
    """
    if not panels:
        raise ValueError("panels: got none, expected at least one (title, values)")
    values = [_panel(title, given, len(names)) for title, given in panels]
    rows = -(-len(panels) // positive_int("columns", columns))
    ratio = max(each.shape[-2] / each.shape[-1] for each in values)
    with drawing(rows, columns, height=rows * (5.2 / columns * ratio + 0.27)) as (figure, grid):
        for axes, (title, _), each in zip(grid, panels, values, strict=False):
            if each.ndim == 3:
                axes.imshow(np.clip(each, 0, 1).transpose(1, 2, 0), interpolation="none")
            elif each.dtype.kind == "f":
                axes.imshow(each, cmap=MAPS["amount"], vmin=0, vmax=1, interpolation="none")
            else:
                _draw_classes(axes, each, names, font=10 if columns < 3 else 8)
            axes.set_title(title, fontsize=10 if columns < 3 else 9, pad=3)
        for axes in grid:
            axes.axis("off")
    return Figure(figure, alt)


def class_scores(scores: Mapping[str, ArrayLike], names: Sequence[str], *, xlabel: str, alt: str) -> Figure:
    """Draw a score of every class as a mark on a line, one line for each class; and the mean over classes.

    Parameters
    ----------
    scores : mapping of label to array, (classes,)
        Fractions from 0 to 1, of one network or two.
    names : sequence of str
        Names of the classes.
    xlabel : str
        What is measured.
    alt : str
        What the figure shows.

    Raises
    ------
    TypeError
        If scores are no numbers.
    ValueError
        If there is no network or more than two, or one has not a score from 0 to 1 for each class.

    Examples
    --------
    >>> class_scores({"net": [0.9, 0.5]}, ["no cat", "cat"], xlabel="IoU", alt="Cats score one half only.")
    Figure: Cats score one half only.
    """
    if not 1 <= len(scores) <= 2:
        raise ValueError(f"scores: got {len(scores)} networks, expected one or two")
    rows = np.arange(len(names))
    with drawing(height=0.9 + 0.24 * len(names)) as (figure, [axes]):
        for (label, given), colour, marker in zip(scores.items(), (OUTPUT, SECOND), "os", strict=False):
            each = signal(f"scores[{label!r}]", given, ndim=1)
            if each.shape != rows.shape or each.min() < 0 or each.max() > 1:
                raise ValueError(
                    f"scores[{label!r}]: got {each}, expected {rows.size} numbers from 0 to 1, one a class"
                )
            axes.plot(each, rows, marker, color=colour, markersize=7, label=label, clip_on=False)
            axes.axvline(each.mean(), color=colour, linestyle="-" if marker == "o" else "--", linewidth=1)
        axes.set(xlim=(0, 1), ylim=(rows.size - 0.4, -0.6), yticks=rows, yticklabels=names)
        axes.set_xlabel(f"{xlabel}; the line is the mean")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper center", ncols=2)
    return Figure(figure, alt)


class Segmented(NamedTuple):
    """A photograph, what is there, and what a network says."""

    image: ArrayLike
    """Red, green and blue, 0 to 1, (3, H, W)."""
    truth: ArrayLike
    """The class of each pixel, whole numbers, (H, W)."""
    probabilities: ArrayLike
    """Of each class, that of the background first, (classes, H, W)."""


def mask_explorer(
    pictures: Mapping[str, Segmented], names: Sequence[str], *, threshold: int = 50, row: int, column: int
) -> Interactive:
    """How sure must a network be before a pixel counts as an object? Live in the book as `mask_explorer.js`.

    A pixel is an object if the probability that it is not background is at least the threshold; it then is of
    the most probable class but for the background. In the book the threshold can be moved, and every pixel be
    asked; accuracy and IoU follow.

    Parameters
    ----------
    pictures : mapping of name to Segmented
        What to choose from, of one height and width; at most 36 classes.
    names : sequence of str
        Names of the classes, that of the background first.
    threshold : int
        The threshold shown first, in percent, 1 to 99.
    row, column : int
        The pixel that is asked first.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there is no picture, shapes do not agree, or a number is out of range.

    Examples
    --------
    >>> half = np.full((2, 1, 2), 0.5)
    >>> one = Segmented(np.zeros((3, 1, 2)), [[0, 1]], half)
    >>> explorer = mask_explorer({"one": one}, ["background", "cat"], row=0, column=1)
    >>> explorer.settings["pictures"]["one"]["truth"], explorer.settings["threshold"]
    ('01', 50)
    """
    if not pictures or not 2 <= len(names) <= 36:
        raise ValueError(
            f"pictures, names: got {len(pictures)} and {len(names)}, expected 1 or more, 2 to 36"
        )
    if not 1 <= integer("threshold", threshold) <= 99:
        raise ValueError(f"threshold: got {threshold}, expected 1 to 99 percent")
    coded = {name: _coded(name, picture, len(names)) for name, picture in pictures.items()}
    sizes = {(one["height"], one["width"]) for one in coded.values()}
    if len(sizes) != 1:
        raise ValueError(f"pictures: got the sizes {sorted(sizes)}, expected one")
    for name, at, size in zip(("row", "column"), (row, column), sizes.pop(), strict=True):
        if integer(name, at, minimum=0) >= size:
            raise ValueError(f"{name}: got {at}, expected 0 to {size - 1}")
    name, first = next(iter(pictures.items()))
    truth, object_, decided = _decide(first, threshold)
    right = float(np.mean(decided[truth != VOID] == truth[truth != VOID]))
    still = maps(
        ("a photograph", first.image),
        ("the truth", truth),
        ("probability of an object", object_ / 100),
        (f"{threshold} % or more", decided),
        names=names,
        columns=2,
        alt=(
            f"The picture {name}: a photograph, its true classes, how probable an object is at every pixel, "
            f"and the decision at a threshold of {threshold} percent, right at {right:.0%} of the pixels."
        ),
    )
    settings = {
        "pictures": coded, "picture": name, "names": list(names), "colours": list(CLASS_COLOURS),
        "threshold": threshold, "row": row, "column": column,
    }  # fmt: skip
    return Interactive("mask_explorer", settings, still)


def _decide(picture: Segmented, threshold: int) -> tuple[NDArray[np.int64], ...]:
    """Truth, probability of an object in whole percent, and the classes decided on."""
    p = np.asarray(picture.probabilities)
    object_ = np.rint(100 * (1 - p[0].astype(np.float64))).astype(np.int64)
    decided = np.where(object_ >= threshold, p[1:].argmax(axis=0) + 1, 0)
    return np.asarray(picture.truth, np.int64), object_, decided


def _coded(name: str, picture: Segmented, classes: int) -> dict[str, Any]:
    """A picture as plain data: a letter or a byte for each pixel."""
    image = _panel(name, picture.image, classes)
    truth = _panel(name, picture.truth, classes)
    p = real_array(name, np.asarray(picture.probabilities), ndim=3)
    if image.ndim != 3 or truth.dtype.kind == "f" or p.shape != (classes, *truth.shape) != image.shape:
        raise ValueError(
            f"{name}: got shapes {image.shape}, {truth.shape}, {p.shape}, expected (3, H, W), (H, W), "
            f"({classes}, H, W), the second of whole numbers"
        )
    if image.shape[1:] != truth.shape:
        raise ValueError(f"{name}: got an image of {image.shape[1:]} and a truth of {truth.shape} pixels")
    colours = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8).transpose(1, 2, 0)
    _, object_, likely = _decide(picture, 0)
    letter = {c: np.base_repr(c, 36).lower() for c in range(classes)} | {VOID: "-"}
    return {
        "height": truth.shape[0],
        "width": truth.shape[1],
        "pixels": base64.b64encode(colours.tobytes()).decode(),
        "object": base64.b64encode(object_.astype(np.uint8).tobytes()).decode(),
        "likely": "".join(letter[c] for c in likely.ravel().tolist()),
        "truth": "".join(letter[c] for c in truth.ravel().tolist()),
    }


def _panel(title: str, given: ArrayLike, classes: int) -> NDArray[Any]:
    values = np.asarray(given)
    if values.ndim == 3:
        image = signal(title, values, ndim=3)
        if len(image) != 3:
            raise ValueError(f"{title}: got shape {image.shape}, expected (3, H, W) or (H, W)")
        return image
    if values.dtype.kind not in "iu":
        return signal(title, values, ndim=2)
    mask = real_array(title, values, ndim=2).astype(np.int64)
    wrong = mask[(mask != VOID) & ((mask < 0) | (mask >= classes))]
    if wrong.size or not mask.size:
        raise ValueError(f"{title}: got classes {wrong[:3]}, expected 0 to {classes - 1}, or {VOID}")
    return mask


def _draw_classes(axes: Axes, mask: NDArray[np.int64], names: Sequence[str], font: float) -> None:
    # the background is a veil that both themes shine through; what does not count is left out
    colours = np.zeros((len(names), 4))
    colours[0] = (*to_rgb(MUTED), 0.22)
    for c in range(1, len(names)):
        colours[c] = (*to_rgb(CLASS_COLOURS[(c - 1) % len(CLASS_COLOURS)]), 1)
    picture = np.where((mask == VOID)[..., None], 0, colours[np.where(mask == VOID, 0, mask)])
    axes.imshow(picture, interpolation="none")
    halo = [patheffects.withStroke(linewidth=2, foreground="black")]
    for c, row, column in _regions(mask, _NAMED * mask.size / 64**2):
        axes.text(
            column, row, names[c], color="white", fontsize=font, ha="center", va="center", path_effects=halo
        )


def _regions(mask: NDArray[np.int64], least: float) -> list[tuple[int, float, float]]:
    """Class, row and column of the pixel nearest to the middle of each region of at least so many pixels."""
    from scipy.ndimage import label  # only here: other figures do without SciPy

    found = []
    for c in np.unique(mask[(mask != 0) & (mask != VOID)]).tolist():
        regions, count = label(mask == c, structure=np.ones((3, 3)))
        for i in range(1, count + 1):
            pixels = np.argwhere(regions == i)
            if len(pixels) >= least:
                middle = pixels[((pixels - pixels.mean(axis=0)) ** 2).sum(axis=1).argmin()]
                found.append((c, *map(float, middle)))
    return found
