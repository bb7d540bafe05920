"""What somebody removed from a class folder is made again, with the same scores."""

import shutil

from course_pkg.__main__ import main
from course_pkg.grading.assignments.sample_class import ASSIGNMENT


def test_a_lost_gradebook_is_filled_again(class_copy, gradebook, capsys):
    scores = gradebook(class_copy)
    (class_copy / "gradebook.db").unlink()
    assert main(["grade", ASSIGNMENT, "--class", str(class_copy)]) == 0
    assert f"{len(scores)} of {len(scores)} submissions graded now" in capsys.readouterr().out
    assert gradebook(class_copy) == scores


def test_a_lost_notebook_is_graded_again(class_copy, gradebook, capsys):
    scores = gradebook(class_copy)
    shutil.rmtree(class_copy / "autograded" / "kpatel")
    assert main(["grade", ASSIGNMENT, "--class", str(class_copy)]) == 0
    assert f"1 of {len(scores)} submissions graded now" in capsys.readouterr().out
    assert (class_copy / "autograded" / "kpatel" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").is_file()
    assert gradebook(class_copy) == scores
