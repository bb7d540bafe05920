"""Comparisons accept every right answer and name the mistake in a wrong one."""

import numpy as np
import pytest

from course_pkg.checks import (
    CheckFailedError,
    expect,
    expect_equal,
    expect_numbers,
    expect_raised,
    expect_shape,
)
from course_pkg.checks.handle import Raised

RIGHT = np.array([4.0, 13.5, 22.25, 15.0, -7.5])


@pytest.mark.parametrize(
    "actual",
    [
        RIGHT.tolist(),
        tuple(RIGHT),
        RIGHT.astype(np.float32),
        RIGHT.astype(np.float16),
        RIGHT.astype(">f8"),
        RIGHT[::-1].copy()[::-1],
        np.repeat(RIGHT, 2)[::2],
        RIGHT + 1e-7,
    ],
)
def test_right_answers_in_every_form(actual):
    expect_equal(actual, RIGHT)


def test_whole_numbers_may_be_of_any_type():
    for dtype in (np.int8, np.uint8, np.int64, float):
        expect_equal(np.array([3, 1, 2], dtype=dtype), [3, 1, 2])
    expect_equal(np.asfortranarray([[1, 2], [3, 4]]), [[1, 2], [3, 4]])
    expect_equal([], np.zeros(0))
    expect_equal([[], []], np.zeros((2, 0)))
    expect_equal(2.0, 2)


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (RIGHT[::-1], "the right numbers in reverse order"),
        (-RIGHT, "the right numbers with the opposite sign"),
        (3 * RIGHT, "the right numbers times 3"),
        (RIGHT + 2, "the right numbers plus 2"),
        (
            RIGHT.astype(int),
            "cut to whole numbers: is the result kept in an array of integers? At [1] expected 13.5",
        ),
        (np.zeros(5), "all zeros"),
        (np.append(RIGHT[1:], 0), "the right numbers, shifted: entry [i] holds what belongs at [i+1]"),
        (np.append(0, RIGHT[:-1]), "the right numbers, shifted: entry [i] holds what belongs at [i-1]"),
        (RIGHT[1:4], "only entries 1 to 3 of the 5 right ones"),
        (np.append([9, 9], RIGHT), "the right numbers with 2 extra before and 0 after"),
        (RIGHT[:, None], "the right numbers in shape (5, 1) in place of (5,)"),
        (RIGHT + np.array([0, 0, 1, 0, 0]), "not the expected numbers. At [2] expected 22.25, got 23.25"),
        (np.ones((2, 3)), "not the expected shape. Expected shape (5,), got (2, 3)"),
        ([4.0, 13.5, np.nan, 15.0, -7.5], "nan at [2]"),
        ([np.inf] * 5, "inf at [0]"),
        ([[1, 2], [3]], "expected 5 numbers, got a list of unequal pieces"),
        ("4", "expected 5 numbers, got '4'"),
        (None, "expected 5 numbers, got None: does the function return its result?"),
        ({"y": 1}, "expected 5 numbers, got {'y': 1}"),
        ([], "empty; expected 5 numbers"),
        (RIGHT.astype(np.float16) + np.float16(0.5), "the right numbers plus 0.5"),
    ],
)
def test_mistakes_that_show_in_the_answer_alone(actual, words):
    with pytest.raises(CheckFailedError) as told:
        expect_equal(actual, RIGHT, "y")
    assert str(told.value).startswith(f"y: {words}")


def test_a_transposed_matrix():
    with pytest.raises(CheckFailedError, match="the right matrix transposed"):
        expect_equal([[1, 3], [2, 4]], [[1, 2], [3, 4]])


def test_one_number_is_in_the_singular():
    with pytest.raises(CheckFailedError, match="y: expected 1 number, got None"):
        expect_equal(None, [3], "y")
    with pytest.raises(CheckFailedError, match=r"^y: empty; expected 1 number$"):
        expect_equal([], [3], "y")
    with pytest.raises(CheckFailedError, match=r"^y: no peaks were found$"):
        expect_equal([], [3], "y", {"no peaks were found": []})


def test_shapes_are_told_as_shapes():
    assert expect_shape([[1, 2]], (1, 2), "T").tolist() == [[1.0, 2.0]]
    for answer, words in [
        (np.zeros((4, 4)), r"^T has shape \(4, 4\), expected \(6, 4\)$"),
        (np.zeros(4), r"^T has 4 numbers, expected \(6, 4\)$"),
        (None, r"^T: expected shape \(6, 4\), got None: does the function return"),
        (np.full((6, 4), np.nan), r"^T: nan at \[0, 0\]"),
    ]:
        with pytest.raises(CheckFailedError, match=words):
            expect_shape(answer, (6, 4), "T")
    with pytest.raises(CheckFailedError, match=r"^w has 1 number, expected 7$"):
        expect_shape([2.0], (7,), "w")


def test_a_row_of_any_length():
    assert expect_numbers([3, 1], "y").tolist() == [3.0, 1.0]
    assert expect_numbers([], "y").tolist() == []
    for answer, words in [
        (None, "y: expected numbers, got None: does the function return its result?"),
        ("3", "y: expected numbers, got '3'"),
        (3, "y: expected a row of numbers, got a number"),
        ([[3]], r"y: expected a row of numbers, got shape \(1, 1\)"),
    ]:
        with pytest.raises(CheckFailedError, match=words):
            expect_numbers(answer, "y")


def test_the_named_mistake_comes_first():
    mistakes = {"the kernel was flipped": RIGHT[::-1], "cut short": RIGHT[:2]}
    with pytest.raises(
        CheckFailedError, match=r"^y: the kernel was flipped\. At \[0\] expected 4, got -7\.5$"
    ):
        expect_equal(RIGHT[::-1], RIGHT, "y", mistakes)
    with pytest.raises(CheckFailedError, match=r"^y: cut short\. Expected shape \(5,\), got \(2,\)$"):
        expect_equal(RIGHT[:2], RIGHT, "y", mistakes)
    with pytest.raises(CheckFailedError, match=r"^y: A — or B"):
        expect_equal([1], [2], "y", {"A": [1], "B": [1], "C": [3]})


def test_other_kinds_of_answer():
    expect_equal("zero", "zero")
    expect_equal(True, True)
    expect_equal(None, None)
    for actual, expected in [(1, True), ("a", "b"), (0, None), (np.array([True]), True)]:
        with pytest.raises(CheckFailedError, match="expected"):
            expect_equal(actual, expected)


def test_tests_may_not_expect_nan():
    with pytest.raises(ValueError, match="expected must be finite"):
        expect_equal([1.0], [np.nan])


def test_small_numbers_beside_large_ones_are_not_lost_for_zero():
    with pytest.raises(CheckFailedError):
        expect_equal([0.001, 0.0], [0.0, 0.0])
    with pytest.raises(CheckFailedError):
        expect_equal([1.001, 5], [1, 5])


def test_expect_and_expect_raised():
    expect(True, "fine")
    expect_raised(Raised(("UnicodeError", "ValueError"), "m"), "ValueError", "this")
    with pytest.raises(CheckFailedError, match="this asks for a ValueError; KeyError was raised: m"):
        expect_raised(Raised(("KeyError", "LookupError"), "m"), "ValueError", "this")
