"""Setting up the sample class."""

from pathlib import Path

import nbformat
import pytest

from course_pkg.grading.assignments import bank, sample_class


@pytest.fixture
def everything():
    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    return read


def test_the_same_class_every_time(tmp_path, everything, capsys):
    assert sample_class.create(tmp_path / "one") == sample_class.create(tmp_path / "two") == 0
    one, two = everything(tmp_path / "one"), everything(tmp_path / "two")
    assert one == two
    assert not any(str(tmp_path).encode() in content for content in one.values())
    assert sample_class.create(tmp_path / "one") == 0
    assert "up to date" in capsys.readouterr().out


def test_an_outdated_class_is_made_anew(tmp_path, everything):
    folder = tmp_path / "class"
    sample_class.create(folder)
    fresh = everything(folder)
    marker = folder / sample_class.MADE_BY_US
    marker.write_text('{"made_from": "an older bank"}', encoding="utf-8")
    (folder / "gradebook.db").write_bytes(b"old")
    assert sample_class.create(folder) == 0
    assert everything(folder) == fresh


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    assert sample_class.create(tmp_path) == 2
    assert "not a sample class" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # one of the mistakes is to divide by zero
def test_each_notebook_earns_what_the_plan_says():
    source = bank.source_notebook(sample_class.ASSIGNMENT)
    wrong = {solution.name: solution for solution in bank.load(sample_class.ASSIGNMENT, "wrong")}
    for submission in sample_class.plan(source):
        if submission.kind not in ("whole", "test deleted"):
            continue
        whole = sample_class.notebook_of(submission, source)
        lost = {wrong[name].part: wrong[name].score for name in submission.wrong}
        for verdict in bank.verdicts(whole):
            assert verdict["score"] == lost.get(verdict["part"], verdict["points"]), submission.id


def test_stubs_and_answers():
    path = (
        sample_class.REPOSITORY / "assignments" / sample_class.ASSIGNMENT / f"{sample_class.ASSIGNMENT}.ipynb"
    )
    released = nbformat.read(path, as_version=4)
    by_kind = {submission.kind: submission for submission in sample_class.plan(released)}
    assert sample_class.notebook_of(by_kind["untouched"], released) == released
    half = sample_class.notebook_of(by_kind["half-finished"], released)
    stubs = [cell for cell in half.cells if "raise NotImplementedError" in cell.source]
    assert len(stubs) == len(by_kind["half-finished"].unwritten) == 5
    whole = sample_class.notebook_of(by_kind["whole"], released)
    assert whole.cells[-2].source.startswith("1. ")
