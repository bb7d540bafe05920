"""The tests of assignment 1 tell every known right solution from every known wrong one."""

import ast
from functools import cache

import pytest

from course_pkg.grading.assignments import bank

ASSIGNMENT = "a1_convolution_1d"
CORRECT = bank.load(ASSIGNMENT, "correct")
WRONG = bank.load(ASSIGNMENT, "wrong")
NOTEBOOK = bank.source_notebook(ASSIGNMENT)
POINTS = {
    cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
    for cell in NOTEBOOK.cells
    if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
}


@cache
def scores_of(source: str) -> dict[str, float]:
    return {v["part"]: v["score"] for v in bank.verdicts(bank.fill(NOTEBOOK, source))}


def test_the_bank_is_large_and_leaves_no_part_out():
    assert len(CORRECT) >= 8
    assert len(WRONG) >= 25
    assert {wrong.part for wrong in WRONG} == set(POINTS)


def test_the_reference_scores_full_marks():
    assert {v["part"]: v["score"] for v in bank.verdicts(NOTEBOOK)} == POINTS


@pytest.mark.parametrize("solution", CORRECT, ids=lambda s: s.name)
def test_correct_solutions_score_full_marks(solution):
    assert scores_of(solution.source) == POINTS


def calls_between_parts(source: str) -> set[str]:
    """Functions of the assignment that a function of another part calls."""
    cells = [
        c for c in NOTEBOOK.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-code")
    ]
    part_of = {node.name: i for i, c in enumerate(cells) for node in ast.parse(c.source).body}
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    used = {f.name: {node.id for node in ast.walk(f) if isinstance(node, ast.Name)} for f in functions}
    return {
        other
        for name, names in used.items()
        for other in names & part_of.keys()
        if part_of.get(name) != part_of[other]
    }


@pytest.mark.parametrize("solution", CORRECT, ids=lambda s: s.name)
def test_parts_stand_alone_in_all_but_one_correct_solution(solution):
    """So that a mistake put into one part of it, as in the sample class, costs nothing elsewhere."""
    assert bool(calls_between_parts(solution.source)) == (solution.name == "composed")


@pytest.mark.parametrize("solution", WRONG, ids=lambda s: s.name)
def test_wrong_solutions_lose_the_marks_of_their_part_and_no_other(solution):
    assert solution.score < POINTS[solution.part]
    assert scores_of(solution.source) == POINTS | {solution.part: solution.score}


def test_hidden_tests_decide_where_visible_ones_are_known_by_heart():
    by_heart = next(s for s in WRONG if s.name == "convolve_learnt_by_heart")
    verdict = bank.verdicts(bank.fill(NOTEBOOK, by_heart.source))[0]
    assert all(test["passed"] for test in verdict["tests"] if not test["hidden"])
    assert verdict["score"] == 0


def test_messages_name_the_mistake_before_the_numbers():
    rows = {row["name"]: row["message"] for row in bank.kill_table(ASSIGNMENT)}
    assert rows.keys() == {s.name for s in WRONG}
    for name, words in {
        "convolve_not_flipped": "the kernel was not flipped",
        "convolve_cut_to_signal": "cut to the length of the signal",
        "convolve_wraps_around": "the signal is taken to repeat",
        "convolve_negative_index": "in Python x[-1] is the last sample",
        "correlate_negative_index": "in Python x[-1] is the last sample",
        "convolve_library_alias": "write this part without it",
        "convolve_changes_the_signal": "changed its argument x in place",
        "correlate_flipped": "this is the convolution",
        "correlate_arguments_exchanged": "in reverse order",
        "pad_end_repeated": "the end sample is repeated",
        "pad_left_and_right": "left and right are exchanged",
        "crop_late_for_even": "one entry too late",
        "slope_neighbours": "the difference of neighbours",
        "slope_neighbours_short": "the difference of neighbours",
        "slope_sign": "climbing signals get a negative slope",
        "slope_sum_not_mean": "smooths with a sum, not a mean",
        "matrix_transposed": "transposed",
        "matrix_flipped": "this matrix cross-correlates",
        "challenge_prints_the_answer": "got None: does the function return its result?",
        "match_not_centred": "the means were not subtracted",
        "match_divides_by_zero": "nan at [0]",
        "peaks_by_height": "in order of height",
        "peaks_latest_first": "of equal scores the earliest goes first",
    }.items():
        before_the_numbers = rows[name].split("xpected shape")[0]
        assert words in before_the_numbers, rows[name]


def test_the_same_solution_always_gets_the_same_verdict():
    filled = bank.fill(NOTEBOOK, CORRECT[0].source)
    assert bank.verdicts(filled) == bank.verdicts(filled)


def test_fill_replaces_only_what_it_is_given():
    filled = bank.fill(NOTEBOOK, "import math\n\ndef flip(w):\n    return math.nan\n")
    before, after = (
        {c.metadata.nbgrader.grade_id: c.source for c in nb.cells if "nbgrader" in c.metadata}
        for nb in (NOTEBOOK, filled)
    )
    assert {name for name in before if before[name] != after[name]} == {"correlate-code"}
    assert after["correlate-code"].startswith("import math")
    assert after["correlate-code"].count("def flip") == after["correlate-code"].count("def correlate") == 1


def test_fill_refuses_functions_that_have_no_cell():
    with pytest.raises(ValueError, match="none of the functions \\['convolv'\\]"):
        bank.fill(NOTEBOOK, "def convolv(x, w):\n    pass\n")
    with pytest.raises(FileNotFoundError, match="no wrong solutions"):
        bank.load("a9_no_such", "wrong")
