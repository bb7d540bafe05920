"""The page on what the tests were tried on says what the bank and the tests say today."""

from pathlib import Path

import pytest

from course_pkg.grading.assignments import kill_table

BOOK = Path(__file__).parents[2] / "book" / "guides"


@pytest.mark.parametrize("assignment", ["a1_convolution_1d"])
def test_the_page_is_up_to_date(assignment):
    stored = (BOOK / f"{assignment}_tests.md").read_text(encoding="utf-8")
    assert stored == kill_table.page(assignment), f"run `make kill-table A={assignment}`"


def test_an_assignment_without_a_bank_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="a9_nothing"):
        kill_table.write("a9_nothing", tmp_path)
    assert not list(tmp_path.iterdir())
