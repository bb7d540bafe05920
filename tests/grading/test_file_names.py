"""Whose file it is, by the names that Canvas and Moodle give to what students handed in."""

import pytest

from course_pkg.grading.intake.collect import SafeCollector


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("submissions/ngdi_90123_456_a1_convolution_1d.ipynb", "90123"),
        ("submissions/ngdi_LATE_90123_456_a1_convolution_1d-2.ipynb", "90123"),
        ("all/Di Ng_4711_assignsubmission_file/a1_convolution_1d.ipynb", "4711"),
        ("all/Di Ng_4711_assignsubmission_file_/a1_convolution_1d (1).ipynb", "4711"),
        ("all/O'Brien_de la 2_4711_assignsubmission_file/a1_convolution_1d(12).ipynb", "4711"),
    ],
)
def test_names_of_canvas_and_moodle(name, student):
    found = SafeCollector().collect(f"/class/downloaded/a1_convolution_1d/extracted/{name}")
    assert (found["student_id"], found["file_id"]) == (student, "a1_convolution_1d")


@pytest.mark.parametrize("name", ["a1_convolution_1d.ipynb", "ng_a1_convolution_1d.ipynb", "x_1_2_a1.html"])
def test_other_names_are_nobodys(name):
    assert SafeCollector().collect(f"/class/downloaded/a1_convolution_1d/extracted/{name}") is None


def test_a_course_can_have_names_of_its_own():
    mine = SafeCollector(named_regexp=r".*/(?P<student_id>\w+?)--(?P<file_id>\w+)\.ipynb")
    found = mine.collect("/extracted/ada--a1.ipynb")
    assert (found["student_id"], found["file_id"]) == ("ada", "a1")
