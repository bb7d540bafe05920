"""Average precision of a curve, against its three definitions in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_pkg.detection import average_precision


def exact(right, objects, method):
    """Average precision of detections, right or wrong in the order of their scores, in fractions."""
    found, points = 0, []
    for rank, each in enumerate(right, start=1):
        found += each
        points.append((Fraction(found, objects), Fraction(found, rank)))

    def height(recall):
        return max((p for r, p in points if r >= recall), default=Fraction(0))

    if method == "voc10":
        # the height over each stretch of recall between two numbers of objects found
        return sum(height(Fraction(k, objects)) for k in range(1, objects + 1)) / objects
    if method == "voc07":
        return sum(height(Fraction(k, 10)) for k in range(11)) / 11
    return sum(height(Fraction(float(t))) for t in np.linspace(0, 1, 101)) / 101


def curve(right, objects, dtype=torch.float64):
    found = torch.tensor(right, dtype=dtype).cumsum(0)
    return found / objects, found / torch.arange(1, len(right) + 1)


@st.composite
def verdicts(draw):
    right = draw(st.lists(st.booleans(), max_size=40))
    return right, draw(st.integers(max(sum(right), 1), 41))


@pytest.mark.parametrize("method", ["voc07", "voc10"])
@given(verdicts())
def test_definition(method, case):
    right, objects = case
    assert average_precision(*curve(right, objects), method) == pytest.approx(
        float(exact(right, objects, method)), abs=1e-12
    )


@given(verdicts())
def test_definition_of_coco(case):
    """COCO's recalls asked for and those reached are rounded numbers; the test takes both as they are."""
    right, objects = case
    recall, precision = curve(right, objects)
    heights = [
        max((p for r, p in zip(recall.tolist(), precision.tolist(), strict=True) if r >= t), default=0)
        for t in np.linspace(0, 1, 101)
    ]
    assert average_precision(recall, precision, "coco") == pytest.approx(np.mean(heights), abs=1e-12)
    if all(Fraction(k, objects) * 100 % 1 for k in range(1, objects)):  # never exactly where it is asked for
        wanted = exact(right, objects, "coco")
        assert average_precision(recall, precision, "coco") == pytest.approx(float(wanted), abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("objects", [10, 20, 30, 70, 100])
def test_a_recall_that_is_just_reached_counts(objects, dtype):
    for found in range(1, objects + 1):
        recall, precision = curve([True] * found, objects, dtype)
        assert average_precision(recall, precision, "voc07") * 11 == pytest.approx(1 + found * 10 // objects)


def test_the_default_is_the_eleven_points_of_2007():
    recall, precision = curve([True, False, True], 4)
    assert average_precision(recall, precision) == average_precision(recall, precision, "voc07")
    # recall 0.25 at precision 1: points 0, 0.1, 0.2; recall 0.5 at 2/3: points 0.3, 0.4, 0.5
    assert average_precision(recall, precision) == pytest.approx((3 * 1 + 3 * 2 / 3) / 11)


def test_coco_asks_for_a_little_more_than_0_35():
    seven_of_twenty = curve([True] * 7, 20)
    assert average_precision(*seven_of_twenty, "coco") == pytest.approx(35 / 101)  # 0 … 0.34, not 0.35
    assert average_precision(*curve([True] * 6, 20), "coco") == pytest.approx(31 / 101)  # 0 … 0.30


@pytest.mark.parametrize("method", ["voc07", "voc10", "coco"])
def test_ends(method):
    assert average_precision(torch.zeros(0), torch.zeros(0), method) == 0
    assert average_precision(*curve([False, False], 3), method) == 0
    assert average_precision(*curve([True] * 9, 9), method) == 1
    assert average_precision(*curve([True] * 9 + [False] * 30, 9), method) == 1
    late = average_precision(*curve([False] * 30 + [True] * 9, 9), method)
    assert 0 < late < 9 / 39 + 1e-9
