"""The interactive figures of detection: two boxes to drag, and boxes that strike each other out."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from course_pkg._validate import describe, has_shape, integer, signal
from course_pkg.plots.detection import Mark, Panel, scenes
from course_pkg.plots.interactive import Interactive


class Candidates(NamedTuple):
    """What a network says about a picture, before anything is struck out."""

    image: ArrayLike
    """Red, green and blue, 0 … 1, shape (3, H, W)."""
    boxes: ArrayLike
    """(x0, y0, x1, y1) in pixels, shape (D, 4)."""
    scores: ArrayLike
    """From 0 to 1, shape (D,)."""
    labels: ArrayLike
    """Numbers of the classes, shape (D,)."""
    kept: ArrayLike
    """Indices of those that are left at the settings that the figure begins with, shape (K,)."""


def iou_explorer(image: ArrayLike, a: ArrayLike, b: ArrayLike, *, iou: float) -> Interactive:
    """Two boxes to drag over a picture, and their IoU; live in `book/_static/figures/iou_explorer.js`.

    Parameters
    ----------
    image : array_like, shape (3, H, W)
        Red, green and blue, 0 … 1.
    a, b : array_like, (4,)
        The boxes to begin with, (x0, y0, x1, y1), whole pixels inside the picture.
    iou : float
        Their intersection over union, for the still.

    Raises
    ------
    TypeError, ValueError
        If the picture is of another shape, or a box is not four whole numbers inside it.

    Examples
    --------
    >>> figure = iou_explorer(np.zeros((3, 16, 16)), [0, 0, 8, 8], [4, 0, 12, 8], iou=1 / 3)
    >>> figure.settings["boxes"]["B"]
    [4, 0, 12, 8]
    """
    pixels = _pixels("image", image)
    height, width = pixels.shape[:2]
    boxes = {name: _whole_box(name, box, height, width) for name, box in (("A", a), ("B", b))}
    settings = {"height": height, "width": width, "image": _png(pixels), "boxes": boxes}
    marks = [Mark(np.array(boxes["A"]), "input", "A"), Mark(np.array(boxes["B"]), "kernel", "B")]
    alt = f"Two boxes over a picture, A at {_said(boxes['A'])} and B at {_said(boxes['B'])}; IoU {iou:.2f}."
    title = f"IoU {iou:.2f}"
    still = scenes(Panel(title, np.asarray(image), marks), Panel("without boxes", np.asarray(image)), alt=alt)
    return Interactive("iou_explorer", settings, still)


def nms_explorer(
    candidates: Mapping[str, Candidates],
    classes: Sequence[str],
    *,
    score_percent: int,
    iou_percent: int,
) -> Interactive:
    """Predicted boxes, two thresholds to move, and which boxes are left; live in `nms_explorer.js`.

    Boxes and scores are passed on rounded to 2 and 4 places: enough to draw, and short.

    Parameters
    ----------
    candidates : mapping of name to Candidates
        Pictures to choose from, of one size, and their boxes; the first is shown first.
    classes : sequence of str
        Names of the classes.
    score_percent, iou_percent : int
        The thresholds to begin with, in percent.

    Raises
    ------
    TypeError, ValueError
        If there is no picture, pictures differ in size, or boxes, scores and labels do not match.

    Examples
    --------
    >>> one = Candidates(np.zeros((3, 16, 16)), [[0, 0, 8, 8], [1, 0, 8, 8]], [0.9, 0.4], [1, 1], [0])
    >>> figure = nms_explorer({"black": one}, ["cat", "dog"], score_percent=20, iou_percent=50)
    >>> figure.settings["scenes"][0]["scores"], figure.still
    ([0.9, 0.4], Figure: 2 predicted boxes, and the 1 that suppression leaves: dog 0.90.)
    """
    if not candidates:
        raise ValueError("candidates: got none, expected at least one")
    pictures = {name: _pixels(name, one.image) for name, one in candidates.items()}
    if len({picture.shape for picture in pictures.values()}) != 1:
        raise ValueError(f"candidates: got pictures of {sorted({p.shape for p in pictures.values()})}")
    height, width = next(iter(pictures.values())).shape[:2]
    listed = [
        {"name": name, "image": _png(pictures[name]), **_listed(name, one, len(classes))}
        for name, one in candidates.items()
    ]
    settings: dict[str, Any] = {"height": height, "width": width, "scenes": listed, "classes": list(classes)}
    for name, percent in (("score", score_percent), ("iou", iou_percent)):
        if integer(f"{name}_percent", percent, minimum=0) > 100:
            raise ValueError(f"{name}_percent: got {percent}, expected at most 100")
        settings[name] = percent
    first = next(iter(candidates.values()))
    return Interactive("nms_explorer", settings, _before_and_after(first, listed[0], classes))


def _before_and_after(one: Candidates, listed: dict[str, Any], classes: Sequence[str]) -> Any:
    image = np.asarray(one.image)
    thin = [Mark(np.array(box), "muted", width=0.9) for box in listed["boxes"]]
    names = [
        f"{classes[listed['labels'][i]]} {listed['scores'][i]:.2f}" for i in np.asarray(one.kept).tolist()
    ]
    kept = [
        Mark(np.array(listed["boxes"][i]), "output", name)
        for i, name in zip(np.asarray(one.kept).tolist(), names, strict=True)
    ]
    alt = (
        f"{len(thin)} predicted boxes, and the {len(kept)} that suppression leaves: {', '.join(names)}."
        if kept
        else f"{len(thin)} predicted boxes, none of which is left after suppression."
    )
    return scenes(Panel("predicted", image, thin), Panel("left after suppression", image, kept), alt=alt)


def _listed(name: str, one: Candidates, classes: int) -> dict[str, Any]:
    """Boxes, scores and labels as plain data, rounded."""
    scores = signal(f"scores of {name!r}", np.asarray(one.scores), ndim=1)
    boxes = signal(f"boxes of {name!r}", np.asarray(one.boxes), ndim=2)
    has_shape(f"boxes of {name!r}", boxes, (len(scores), 4), "one for each score")
    labels = [integer(f"labels of {name!r}", label, minimum=0) for label in np.asarray(one.labels)]
    if len(labels) != len(scores) or max(labels) >= classes:
        raise ValueError(f"labels of {name!r}: got {labels}, expected one of {classes} classes for each box")
    return {
        "boxes": [[round(edge, 2) for edge in box] for box in boxes.astype(float).tolist()],
        "scores": [round(score, 4) for score in scores.astype(float).tolist()],
        "labels": labels,
    }


def _pixels(name: str, image: ArrayLike) -> np.ndarray:
    picture = signal(name, np.asarray(image), ndim=3)
    if len(picture) != 3:
        raise ValueError(f"{name}: got {describe(picture)}, expected shape (3, H, W)")
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)


def _png(pixels: np.ndarray) -> str:
    """The picture as an address that holds it."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _whole_box(name: str, box: ArrayLike, height: int, width: int) -> list[int]:
    edges = has_shape(name, signal(name, np.asarray(box), ndim=1), (4,), "(x0, y0, x1, y1)")
    x0, y0, x1, y1 = (int(edge) for edge in edges)
    if [x0, y0, x1, y1] != edges.tolist() or not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(f"{name}: got {edges.tolist()}, expected whole pixels within {width} × {height}")
    return [x0, y0, x1, y1]


def _said(box: Sequence[int]) -> str:
    return f"({', '.join(map(str, box))})"
