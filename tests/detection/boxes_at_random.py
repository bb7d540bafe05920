"""Boxes that do what boxes at random places never do: touch, coincide, have no area, score alike.

Edges lie on a coarse grid of whole numbers, so that areas are exact and IoU ties and hits thresholds.
"""

from fractions import Fraction

import numpy as np
import torch
from hypothesis import strategies as st

_EDGES = st.integers(0, 8)


@st.composite
def boxes(draw, most=8, dtype=torch.float64, least_side=0):
    """A tensor of boxes (N, 4) with N from 0 to `most`."""
    box = st.tuples(_EDGES, _EDGES, st.integers(least_side, 6), st.integers(least_side, 6))
    rows = [(x, y, x + w, y + h) for x, y, w, h in draw(st.lists(box, max_size=most))]
    return torch.tensor(rows, dtype=dtype).view(-1, 4)


@st.composite
def detections(draw, classes=2, most=8):
    """What a detector found in an image; some scores are equal."""
    found = draw(boxes(most))
    scores = draw(st.lists(st.integers(0, 5), min_size=len(found), max_size=len(found)))
    return {
        "boxes": found,
        "scores": torch.tensor(scores, dtype=torch.float64) / 8,
        "labels": draw(labels(len(found), classes)),
    }


@st.composite
def labels(draw, n, classes):
    return torch.tensor(
        draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)), dtype=torch.int64
    )


@st.composite
def objects(draw, mark, classes=2, most=6):
    """What is in an image; some of it is marked."""
    there = draw(boxes(most, least_side=1))
    marks = draw(st.lists(st.sampled_from([0, 0, 0, 1]), min_size=len(there), max_size=len(there)))
    return {
        "boxes": there,
        "labels": draw(labels(len(there), classes)),
        mark: torch.tensor(marks, dtype=torch.int64),
    }


@st.composite
def images(draw, mark, count=3):
    """Predictions and targets of as many images; most of the boxes found lie on or near an object."""
    predictions, targets = [], []
    for _ in range(count):
        there, found = draw(objects(mark)), draw(detections())
        for i in range(min(len(found["boxes"]), 2 * len(there["boxes"]))):
            near = there["boxes"][i // 2] + torch.tensor(draw(st.tuples(*[st.integers(0, 1)] * 4)))
            if (near[:2] < near[2:]).all():
                found["boxes"][i] = near
        predictions.append(found)
        targets.append(there)
    return predictions, targets


def iou_by_counting(a, b):
    """IoU of two boxes with whole edges: colour the unit squares of both."""
    canvas = np.zeros((2, 20, 20), dtype=bool)
    for layer, (x0, y0, x1, y1) in zip(canvas, (a, b), strict=True):
        layer[y0:y1, x0:x1] = True
    both, either = canvas.all(axis=0).sum(), canvas.any(axis=0).sum()
    return Fraction(int(both), int(either)) if either else Fraction(0)
