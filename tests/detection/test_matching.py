"""Which detections are right, on tables of overlaps full of ties: such as boxes at random hardly give."""

import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.cocoeval import COCOeval

from course_pkg.detection.matching import match_coco, match_voc

THRESHOLDS = st.sampled_from([0.25, 0.5, 0.75, 1.0])


@st.composite
def tables(draw):
    """IoU of up to six detections with up to five objects, which objects are ignored, which are crowds."""
    objects = draw(st.integers(0, 5))
    row = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.5, 0.75, 1.0]), min_size=objects, max_size=objects)
    kinds = draw(st.lists(st.sampled_from(["", "", "ignored", "crowd"]), min_size=objects, max_size=objects))
    return (
        draw(st.lists(row, max_size=6)),
        [kind != "" for kind in kinds],
        [kind == "crowd" for kind in kinds],
    )


def by_pycocotools(overlaps, ignored, crowd, threshold):
    """COCO's own `evaluateImg`, on a table of overlaps in place of boxes."""
    objects = [
        {"id": i, "ignore": int(each), "iscrowd": int(c), "area": 1}
        for i, (each, c) in enumerate(zip(ignored, crowd, strict=True), start=1)
    ]
    detections = [{"id": i, "score": -i, "area": 1} for i in range(1, len(overlaps) + 1)]
    judge = types.SimpleNamespace(
        params=types.SimpleNamespace(useCats=1, iouThrs=[threshold]),
        _gts={(1, 1): objects},
        _dts={(1, 1): detections},
        ious={(1, 1): np.array(overlaps).reshape(len(overlaps), len(objects)) if objects else []},
    )
    result = COCOeval.evaluateImg(judge, 1, 1, (0, 2), 100)
    if result is None:  # neither objects nor detections
        return []
    matched, does_not_count = result["dtMatches"][0], result["dtIgnore"][0]
    return [None if skip else bool(m) for m, skip in zip(matched, does_not_count, strict=True)]


@settings(max_examples=400)
@given(tables(), THRESHOLDS)
def test_coco_as_its_own_program(table, threshold):
    assert match_coco(*table, threshold) == by_pycocotools(*table, threshold)


def by_the_voc_kit(overlaps, difficult, threshold):
    """Statement by statement as `VOCevaldet.m` says."""
    found, verdicts = [False] * len(difficult), []
    for row in overlaps:
        most, at = -np.inf, None
        for j, overlap in enumerate(row):
            if overlap > most:
                most, at = overlap, j
        if most >= threshold:
            if not difficult[at]:
                verdicts.append(not found[at])
                found[at] = True
            else:
                verdicts.append(None)
        else:
            verdicts.append(False)
    return verdicts


@settings(max_examples=400)
@given(tables(), THRESHOLDS)
def test_voc_as_the_development_kit(table, threshold):
    overlaps, difficult, _ = table
    assert match_voc(overlaps, difficult, [False] * len(difficult), threshold) == by_the_voc_kit(
        overlaps, difficult, threshold
    )


@pytest.mark.parametrize(
    ("overlaps", "ignored", "voc", "coco"),
    [
        ([[0.5]], [False], [True], [True]),  # the threshold is enough
        ([[0.6], [0.9]], [False], [True, False], [True, False]),  # one each; the better score decides
        ([[0.9, 0.6], [0.8, 0.7]], [False, False], [True, False], [True, True]),  # the second best will do
        ([[0.9, 0.6]], [True, False], [None], [True]),  # what counts goes before what does not
        ([[0.9], [0.8]], [True], [None, None], [None, False]),  # an ignored object is taken once, or always
        # of equals VOC takes the first and COCO the last; the next detection fits the first only
        ([[0.6, 0.6], [0.7, 0.1]], [False, False], [True, False], [True, True]),
        ([[0.6, 0.6], [0.1, 0.7]], [False, False], [True, True], [True, False]),
    ],
)
def test_by_hand(overlaps, ignored, voc, coco):
    none = [False] * len(ignored)
    assert match_voc(overlaps, ignored, none, 0.5) == voc
    assert match_coco(overlaps, ignored, none, 0.5) == coco
