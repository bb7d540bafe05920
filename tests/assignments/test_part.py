"""A part's score follows from its tests, and a zero is a zero even where a returned value is lost."""

import doctest
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_pkg.checks import CheckFailedError, NotWrittenError, Part, PartFailedError, StillRunningError
from course_pkg.checks.heartbeats import R_PEAKS, f1_score, noisy_recording
from course_pkg.data import signals


def passes():
    pass


def fails():
    raise CheckFailedError("wrong")


def stumbles():
    raise IndexError("an odd answer")


def stub():
    raise NotWrittenError("f is not written yet")


def loops():
    raise StillRunningError("f was still running")


def part_with(visible, hidden=(), points=5):
    part = Part("name", points)
    for body in visible:
        part.test(body.__name__)(body)
    for body, worth in hidden:
        part.hidden_test(body.__name__, worth)(body)
    return part


@pytest.mark.parametrize(
    ("visible", "hidden", "score", "state"),
    [
        ([passes], [], None, "visible tests pass"),
        ([passes, fails], [], 0, "failed"),
        ([stub, stub], [], 0, "not written"),
        ([passes, stub], [], 0, "failed"),
        ([passes], [(passes, 0)], 5, "graded"),
        ([passes], [(passes, 1), (passes, 2)], 5, "graded"),
        ([passes], [(fails, 1), (passes, 2)], 4, "graded"),
        ([passes], [(fails, 1), (stumbles, 2)], 2, "graded"),
        ([passes], [(fails, 0), (passes, 2)], 0, "failed"),
        ([fails], [(passes, 0), (passes, 2)], 0, "failed"),
        ([passes], [(fails, 5)], 0, "graded"),
        ([], [], 0, "not written"),
        ([passes, loops], [(passes, 0)], 0, "failed"),
        ([passes], [(passes, 1), (loops, 2)], 0, "failed"),
    ],
)
def test_scores(visible, hidden, score, state, capsys):
    part = part_with(visible, hidden)
    verdict = part.verdict()
    assert (verdict["score"], verdict["state"]) == (score, state)
    assert len(verdict["tests"]) == len(visible) + len(hidden)  # a failure does not end the others
    if score == 0:
        with pytest.raises(
            PartFailedError,
            match=r"^name: (0 of 5 points|not written yet|not yet; . of . visible tests fails?)$",
        ):
            part.score()
    else:
        assert part.score() == score


def test_what_is_shown(capsys):
    part = part_with([passes, fails], [(stumbles, 1)])
    part.note("F1: 0.5")
    with pytest.raises(PartFailedError):
        part.score()
    assert capsys.readouterr().out == (
        "name: 0 of 5 points\n"
        "  ✓ passes\n"
        "  ✗ fails — wrong\n"
        "  ✗ stumbles — the answer could not be checked (IndexError) (1 point)\n"
        "  The tests without points: 4 points, together.\n"
        "  F1: 0.5\n"
    )


def test_what_is_shown_where_only_visible_tests_are(capsys):
    part = part_with([passes, fails])
    with pytest.raises(PartFailedError, match=r"^name: not yet; 1 of 2 visible tests fails$"):
        part.score()
    assert capsys.readouterr().out == (
        "name: not yet; 1 of 2 visible tests fails\n  ✓ passes\n  ✗ fails — wrong\n"
    )


def test_after_an_endless_loop_the_part_runs_no_more():
    ran = []
    part = part_with([passes, loops, lambda: ran.append(1)])
    assert [test["message"] for test in part.verdict()["tests"]] == [
        "",
        "f was still running when its time was over: is there an endless loop?",
        "not run",
    ]
    assert not ran


def test_the_students_copy_promises_no_points(capsys):
    assert part_with([passes]).score() is None
    assert "hidden tests decide its 5 points at grading" in capsys.readouterr().out


def test_a_stumble_in_a_visible_test_is_told_in_full():
    [test] = part_with([stumbles]).verdict()["tests"]
    assert test["message"] == "the answer could not be checked (IndexError: an odd answer)"


@pytest.mark.parametrize("points", [-1, float("nan"), float("inf"), "2", None, True])
def test_points_that_cannot_be_are_the_instructors_mistake(points):
    with pytest.raises(ValueError, match=r"points of part 'name': got .*, expected a finite number"):
        Part("name", points)
    part = Part("name", 5)
    with pytest.raises(ValueError, match=r"points of hidden test 'sums' of part 'name': got "):
        part.hidden_test("sums", points)


def test_hidden_tests_with_more_points_than_the_part_are_the_instructors_mistake():
    part = part_with([passes], [(fails, 2), (passes, 2)])
    with pytest.raises(ValueError, match=r"^part 'name' has 5 points, but .* up to 'last' have 6 together$"):
        part.hidden_test("last", 2)
    part.hidden_test("last", 1)(fails)
    assert part.verdict()["score"] == 2


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=1, max_size=12),
    st.sampled_from([0.1, 0.3, 1 / 3, 0.7, 1.0, 2.5]),
)
def test_scores_stay_in_range_whatever_fractions_add_up_to(tests, unit):
    part = part_with([passes], points=sum(unit * weight for _, weight in tests))
    for passed, weight in tests:
        part.hidden_test("", unit * weight)(passes if passed else fails)
    verdict = part.verdict()
    for number in (verdict["score"], verdict["basics"], verdict["points"]):
        assert 0 <= number <= part.points
    assert all(passed for passed, _ in tests) <= (verdict["score"] == part.points)


def test_the_error_shows_one_line():
    assert PartFailedError("name: 0 of 5 points")._render_traceback_() == ["name: 0 of 5 points"]


def test_the_challenges_recordings():
    clean = signals.ecg()
    for peak in R_PEAKS:
        assert clean[peak] == clean[peak - 100 : peak + 101].max()
    recording, beats = noisy_recording(clean, seed=3)
    again, _ = noisy_recording(clean, seed=3)
    other, _ = noisy_recording(clean, seed=4)
    assert (recording == again).all()
    assert not (recording == other).all()
    assert len(beats) == 6
    with pytest.raises(ValueError, match=r"clean has shape \(3,\), expected the 1,024 samples"):
        noisy_recording(clean[:3], seed=0)


@pytest.mark.parametrize(
    ("found", "beats", "f1"),
    [
        ([], [], 1),
        ([], [5], 0),
        ([5], [], 0),
        ([10, 20], [12, 18], 1),
        ([100, 100, 100], [100], 0.5),
        ([89], [100], 0),
        ([90], [100], 1),
        ([100], [92, 108], 2 / 3),
    ],
)
def test_f1(found, beats, f1):
    assert f1_score(found, beats) == pytest.approx(f1)


@pytest.mark.parametrize(
    "module",
    [
        "compare",
        "discretion",
        "guards",
        "handle",
        "heartbeats",
        "modules",
        "operators",
        "part",
        "plain",
        "replies",
        "shortcuts",
        "stubs",
        "work",
    ],
)
def test_examples_in_docstrings(module):
    result = doctest.testmod(importlib.import_module(f"course_pkg.checks.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
