"""The gradebook over one connection: what nbgrader commits in a block is all there, or nothing."""

import shutil

import pytest
from nbgrader.api import Gradebook, InvalidEntry

from course_pkg.grading.classroom.gradebook import (
    enrol,
    feedback_inputs,
    one_engine,
    one_transaction,
    take_back_scores,
)
from course_pkg.grading.environment import use_this_environment


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    use_this_environment()
    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}"):
        return path


@pytest.fixture
def url(tmp_path, empty):
    shutil.copy(empty, tmp_path / "gradebook.db")
    shutil.copy(empty, tmp_path / "other.db")
    return f"sqlite:///{tmp_path / 'gradebook.db'}?timeout=5"


def names(url: str) -> list[str]:
    with Gradebook(url) as gradebook:
        return sorted(student.id for student in gradebook.students)


def test_all_gradebooks_share_one_engine_while_the_block_runs(url, tmp_path):
    with one_engine(url) as first:
        with Gradebook(url) as second, Gradebook(f"sqlite:///{tmp_path / 'other.db'}") as other:
            assert second.engine is first.engine
            assert other.engine is not first.engine
            second.add_student("ada")
        assert names(url) == ["ada"]
    with Gradebook(url) as third:
        assert third.engine is not first.engine
    assert names(url) == ["ada"]


def test_a_transaction_is_seen_by_others_in_the_end(url):
    with one_engine(url) as gradebook:
        with one_transaction(gradebook):
            with Gradebook(url) as one:
                one.add_student("ada")
            assert names(url) == ["ada"]
            assert others_see(gradebook) == 0
        assert others_see(gradebook) == 1


def others_see(gradebook: Gradebook) -> int:
    with gradebook.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM student").scalar()


def test_a_transaction_can_be_undone_whole(url):
    with one_engine(url) as gradebook:
        enrol(gradebook, {"ada": {}})
        with one_transaction(gradebook) as undo:
            with Gradebook(url) as one:
                one.add_student("bo")
            with Gradebook(url) as two:
                two.add_student("cy")
            undo()
        assert names(url) == ["ada"]


def test_an_error_in_a_transaction_spoils_nothing_after_it(url):
    with one_engine(url) as gradebook:
        enrol(gradebook, {"ada": {}})
        with one_transaction(gradebook), Gradebook(url) as one, pytest.raises(InvalidEntry):
            one.add_student("ada")
        with Gradebook(url) as two:
            two.add_student("bo")
        assert names(url) == ["ada", "bo"]


def test_students_are_put_in_and_brought_up_to_date(url):
    with one_engine(url) as gradebook:
        enrol(gradebook, {"ada": {"first_name": "Ada", "email": "a@b.example", "favourite": "convolution"}})
        enrol(gradebook, {"ada": {"first_name": "Augusta"}, "bo": {}})
        found = {s.id: (s.first_name, s.email) for s in gradebook.students}
    assert found == {"ada": ("Augusta", "a@b.example"), "bo": (None, None)}


def graded(gradebook: Gradebook, students: list[str]) -> None:
    enrol(gradebook, {student: {} for student in students})
    gradebook.add_assignment("a0")
    gradebook.add_notebook("a0", "a0")
    gradebook.add_grade_cell("part", "a0", "a0", max_score=3, cell_type="code")
    gradebook.add_solution_cell("answer", "a0", "a0")
    for student in students:
        gradebook.add_submission("a0", student)
        grade = gradebook.find_grade("part", "a0", "a0", student)
        grade.auto_score, grade.needs_manual_grade = 3, False
    gradebook.db.commit()


def test_scores_are_taken_back_from_those_only(url, monkeypatch):
    monkeypatch.setattr("course_pkg.grading.classroom.gradebook.CHUNK", 2)
    students = [f"s{i}" for i in range(5)]
    with one_engine(url) as gradebook:
        graded(gradebook, students)
        gradebook.find_grade("part", "a0", "a0", "s1").manual_score = 2
        gradebook.db.commit()
        take_back_scores(gradebook, "a0", ["s0", "s1", "s2", "s4", "nobody"])
        found = {s: gradebook.find_grade("part", "a0", "a0", s) for s in students}
        assert [g.auto_score for g in found.values()] == [None, None, None, 3, None]
        assert [g.needs_manual_grade for g in found.values()] == [True, True, True, False, True]
        assert found["s1"].manual_score == 2


def test_whatever_a_page_shows_changes_its_hash(url):
    with one_engine(url) as gradebook:
        graded(gradebook, ["ada", "bo"])
        seen = [feedback_inputs(gradebook, "a0")]
        assert feedback_inputs(gradebook, "a0", "bo") == {"bo": seen[0]["bo"]}
        grade = gradebook.find_grade("part", "a0", "a0", "ada")
        comment = gradebook.find_comment("answer", "a0", "a0", "ada")
        notebook = gradebook.find_submission_notebook("a0", "a0", "ada")
        student = gradebook.find_student("ada")
        for thing, field, value in [
            (grade, "auto_score", 2),
            (grade, "manual_score", 2),
            (grade, "extra_credit", 0.5),
            (comment, "manual_comment", "well done"),
            (notebook, "late_submission_penalty", 1),
            (student, "first_name", "Ada"),
        ]:
            setattr(thing, field, value)
            gradebook.db.commit()
            seen.append(feedback_inputs(gradebook, "a0"))
        assert len({hashes["ada"] for hashes in seen}) == 7
        assert len({hashes["bo"] for hashes in seen}) == 1
