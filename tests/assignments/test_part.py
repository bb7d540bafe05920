"""A part's score follows from its tests, and a zero is a zero even where a returned value is lost."""

import doctest
import importlib

import pytest

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
        "  ✗ stumbles — the answer could not be checked (IndexError: an odd answer) (1 point)\n"
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
        "f was still running after 1 second: is there an endless loop?",
        "not run",
    ]
    assert not ran


def test_the_students_copy_promises_no_points(capsys):
    assert part_with([passes]).score() is None
    assert "hidden tests decide its 5 points at grading" in capsys.readouterr().out


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
    "module", ["compare", "handle", "heartbeats", "part", "plain", "shortcuts", "stubs", "work"]
)
def test_examples_in_docstrings(module):
    result = doctest.testmod(importlib.import_module(f"course_pkg.checks.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
