"""What nbgrader's own command has run before it comes to it."""

import grading_fakes
import pytest

from course_pkg.grading.execution.ahead import Ahead
from course_pkg.grading.execution.journal import Journal

STUDENTS = ("ada", "bo", "cy", "di")


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


@pytest.fixture
def make(journal):
    made = []

    def start(tasks, names=None):
        names = names or [(task.student, task.notebook) for task in tasks]
        made.append(Ahead(names, iter(tasks), journal, 2, grading_fakes.execute))
        return made[-1]

    yield start
    for each in made:
        each.close()


def with_a_cell(student, source):
    return grading_fakes.task(student, grading_fakes.notebook((source, None), ("test x", "x")))


def test_outcomes_wait_in_the_journal(make, journal):
    tasks = [grading_fakes.task(student) for student in STUDENTS]
    running = make(tasks)
    for task in tasks:
        running.await_outcome(task.student, task.notebook)
        assert journal.find(task) == grading_fakes.execute(task)


def test_what_the_journal_has_is_not_run(make, journal, tmp_path):
    deaths = tmp_path / "deaths"
    deaths.write_text("0")
    known = with_a_cell("ada", f"die {deaths}")
    journal.store(known, grading_fakes.execute(known))
    deaths.write_text("9")
    other = grading_fakes.task("bo")
    running = make([known, other])
    running.await_outcome("ada", known.notebook)
    running.await_outcome("bo", other.notebook)
    assert running.failed == {}


def test_what_could_not_be_run_is_told_where_it_belongs(make):
    bad, good = with_a_cell("ada", "raise mine"), grading_fakes.task("bo")
    running = make([bad, good])
    running.await_outcome("bo", good.notebook)
    with pytest.raises(RuntimeError, match="RuntimeError: mine"):
        running.await_outcome("ada", bad.notebook)


def test_what_was_never_to_run_is_not_waited_for(make):
    running = make([grading_fakes.task("ada")], names=[("ada", "a1"), ("bo", "a1")])
    running.await_outcome("somebody", "a1")
    assert running.ended == set()
    running.await_outcome("bo", "a1")  # planned, but it could not be read
    assert running.ended == {("ada", "a1")}


def test_the_end_ends_the_pool(make, journal):
    slow = [grading_fakes.task("ada"), *(with_a_cell(student, "sleep 60") for student in STUDENTS[1:])]
    running = make(slow)
    running.await_outcome("ada", slow[0].notebook)
    running.close()  # within the test's time
    running.await_outcome("bo", slow[1].notebook)
    assert [journal.find(task) is not None for task in slow] == [True, False, False, False]
