"""The report's statistics on tables to check by hand, its figures, and what a page lets through."""

import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from course_pkg.grading.classroom.scores import Scores, state
from course_pkg.grading.reports import report, runs
from course_pkg.grading.reports.feedback import HideTests
from course_pkg.grading.reports.safe import safe_markdown
from course_pkg.plots.grades import part_difficulty, score_distribution

NAN = float("nan")


@pytest.fixture
def scores() -> Scores:
    earned = pd.DataFrame(
        {"flip": [2.0, 2.0, 0.0, NAN], "pad": [4.0, 2.0, 0.0, NAN], "why": [3.0, NAN, 0.0, NAN]},
        index=["ada", "bo", "cy", "di"],
    )
    return Scores(
        points=pd.Series({"flip": 2.0, "pad": 4.0, "why": 4.0}),
        earned=earned,
        by_hand=frozenset({"why"}),
        names=pd.Series(dict(zip(earned.index, ["Ada", "Bo", "Cy", "Di"], strict=True))),
    )


def test_totals_and_pending(scores):
    assert scores.totals.iloc[:3].tolist() == [9, 4, 0]
    assert np.isnan(scores.totals["di"])
    assert scores.pending.tolist() == [0, 1, 0, 0]


def test_states(scores):
    done = {"graded": "x", "seconds": 1.0, "problem": None}
    progress = {"ada": done, "bo": done, "cy": {"graded": None, "seconds": 1.0, "problem": "broken"}}
    states = [state(scores, progress, student) for student in scores.earned.index]
    assert states == ["graded", "1 to mark by hand", "not graded", "no submission"]


def test_statistics_by_hand(scores):
    table = report.statistics(scores)
    assert table.scored.tolist() == [3, 3, 2]
    assert table.pending.tolist() == [0, 0, 1]
    assert table.share.tolist() == [4 / 6, 6 / 12, 3 / 8]
    assert table.full.tolist() == [2, 1, 0]
    # flip (2, 2, 0) against the rest that all three have, pad (4, 2, 0): products 4, squares 8/3 and 8
    assert table.discrimination["flip"] == pytest.approx(4 / np.sqrt(8 / 3 * 8))
    # why (3, 0) against the rest of those two, (6, 0)
    assert table.discrimination["why"] == pytest.approx(1)


def test_a_part_that_all_have_is_in_the_rest(scores):
    scores.earned["why"] = [3.0, 1.0, 0.0, NAN]
    # flip (2, 2, 0) against (7, 3, 0)
    assert report.statistics(scores).discrimination["flip"] == pytest.approx(20 / 3 / np.sqrt(8 / 3 * 74 / 3))


def test_a_part_that_everybody_solves_tells_nothing(scores):
    scores.earned["flip"] = [2.0, 2.0, 2.0, NAN]
    assert np.isnan(report.statistics(scores).discrimination["flip"])


def verdict(part, message, state="failed"):
    tests = [{"name": "first", "passed": True, "message": ""}]
    tests += [{"name": "second", "passed": False, "message": message}] if message else []
    return {"part": part, "state": state, "tests": tests}


def test_mistakes_are_grouped_without_their_numbers():
    found = {
        "ada": [verdict("flip", "flip: not flipped. At [0] expected 3, got 1"), verdict("pad", "")],
        "bo": [verdict("flip", "flip: not flipped. At [2] expected 7, got 5")],
        "cy": [verdict("flip", "wrong shape. Expected shape (3,), got (2,)")],
        "di": [verdict("flip", "flip is not written yet", "not written")],
    }
    assert report.mistakes(found) == [
        report.Mistake("flip", "second", "flip: not flipped", ("ada", "bo")),
        report.Mistake("flip", "second", "wrong shape", ("cy",)),
    ]


def notebook_of_a_run(**said):
    notebook = nbformat.v4.new_notebook()
    if said:
        notebook.metadata["course_pkg"] = said
    return notebook


def test_a_run_is_read_from_all_of_its_notebooks(tmp_path):
    first = notebook_of_a_run(
        remarks=["flip: was there 2 times"],
        incidents=["memory limit reached"],
        seconds={"kernel": 1.0, "tests": 2.0},
    )
    second = notebook_of_a_run(incidents=["stopped"], seconds={"kernel": 0.5})
    for name, notebook in [("1", first), ("2", second), ("3", notebook_of_a_run())]:
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    run = runs.read_run(tmp_path)
    assert run.lines == ["flip: was there 2 times", "memory limit reached", "stopped"]
    assert run.seconds == {"kernel": 1.5, "tests": 2.0}
    assert runs.read_run(tmp_path / "nobody") == runs.Run()


def test_times_by_stage():
    table = runs.stage_times(
        {
            "ada": runs.Run(seconds={"tests": 2.0, "kernel": 1.0}),
            "bo": runs.Run(seconds={"tests": 4.0, "kernel": 0.5}),
            "cy": runs.Run(),
        }
    )
    assert list(table.index) == ["starting the kernel", "the tests", "the whole run"]
    assert table["median"].tolist() == [0.75, 3.0, 3.75]
    assert table["longest"].tolist() == [1.0, 4.0, 4.5]
    assert table["slowest"].tolist() == ["ada", "bo", "bo"]
    assert table["total"].tolist() == [1.5, 6.0, 7.5]
    assert len(runs.stage_times({"cy": runs.Run()})) == 0


def test_score_distribution_counts_every_total():
    figure = score_distribution([0, 1, 9, 10, 10], maximum=10)
    bars = figure.drawing.axes[0].patches
    assert [bar.get_height() for bar in bars] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert "5 totals from 0 to 10 of 10 points; the median is 9." in figure.alt


def test_part_difficulty_draws_what_it_is_given():
    figure = part_difficulty({"flip": (0.25, -0.5), "pad": (1.0, NAN)})
    left, right = figure.drawing.axes
    assert [bar.get_width() for bar in left.patches] == [25, 100]
    assert right.lines[-1].get_xdata()[0] == -0.5
    assert "from 25% in flip to 100% in pad" in figure.alt


@pytest.mark.parametrize(("totals", "maximum"), [([], 10), ([NAN], 10), ([11], 10), ([-1], 10), ([0], 0)])
def test_score_distribution_rejects(totals, maximum):
    with pytest.raises(ValueError, match="totals: expected"):
        score_distribution(totals, maximum)


@pytest.mark.parametrize("parts", [{}, {"flip": (1.5, 0)}, {"flip": (NAN, 0)}, {"flip": (0.5, 2)}])
def test_part_difficulty_rejects(parts):
    with pytest.raises(ValueError, match="parts: expected"):
        part_difficulty(parts)


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "<iframe src='data:text/html,hello'></iframe>",
        "<style>body { display: none }</style>",
        "<form action='/x'><input></form>",
    ],
)
def test_markdown_cannot_run_or_restyle_anything(attack):
    page = BeautifulSoup(safe_markdown(f"so\n\n{attack}\n\n**on**"), "html.parser")
    assert page.strong.text == "on"
    assert not page.find_all(["script", "iframe", "style", "form", "input"])
    for tag in page.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")]
        assert not tag.get("href", "").startswith("javascript")


def test_hidden_tests_are_cut_even_without_their_end():
    for end in ("\n### END HIDDEN TESTS\nscore()", ""):
        cell = nbformat.v4.new_code_cell(f"shown()\n### BEGIN HIDDEN TESTS\nsecret = 1{end}")
        cell.metadata.nbgrader = {"grade": True, "solution": False, "grade_id": "x", "points": 1}
        cell.outputs = [
            nbformat.v4.new_output("error", ename="E", evalue="why", traceback=["secret = 1", "E: why"])
        ]
        cut, _ = HideTests().preprocess_cell(cell, {}, 0)
        assert "secret" not in str(cut)
        assert cut.source.startswith("shown()\n# hidden tests ran here")
        assert cut.source.endswith("score()") == bool(end)
