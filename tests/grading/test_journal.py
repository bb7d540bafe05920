"""The journal: what it finds, what it misses, what it refuses, what it throws away."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from grading_fakes import execute, notebook, task

from course_pkg.grading.execution import journal as journal_module
from course_pkg.grading.execution.journal import KEPT, Journal, environment, key
from course_pkg.grading.execution.limits import Limits

CELLS = [("x = 1", None), ("test x", "x"), ("y = 2", None), ("test y", "y")]


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


def changed(place: int, source: str, part: str | None = None):
    cells = list(CELLS)
    cells[place] = (source, part)
    return task(content=notebook(*cells))


def files(journal):
    return sorted(path for path in journal.folder.rglob("*") if path.is_file())


def test_what_was_stored_is_found(journal):
    assert journal.find(task()) is None
    assert journal.missing(task()) == {"x", "y"}
    journal.store(task(), execute(task()))
    assert journal.find(task()) == execute(task())
    assert journal.missing(task()) == frozenset()
    assert Journal(journal.folder).find(task(only=frozenset({"x"}))) == execute(task())


def test_lines_as_a_file_has_them_are_the_same_cells(journal):
    lines = json.loads(task().content)
    for cell in lines["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    journal.store(task(), execute(task()))
    assert journal.missing(task(content=json.dumps(lines))) == frozenset()


def test_what_does_not_run_does_not_count(journal):
    journal.store(task(), execute(task()))
    other = json.loads(task().content)
    other["metadata"] = {"kernelspec": {"name": "python3"}, "course_pkg": {"remarks": ["mended"]}}
    other["cells"].insert(0, {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "*read*"})
    found = journal.find(task(content=json.dumps(other)))
    assert json.loads(found.content)["metadata"] == other["metadata"]
    assert json.loads(found.content)["cells"][1:] == json.loads(execute(task()).content)["cells"]


@pytest.mark.parametrize(
    "other",
    [
        task("bob"),
        changed(0, "x = 3"),
        changed(2, "y = 3"),
        task(content=notebook(*CELLS, ("z = 3", None))),
        task(limits=Limits(cell=31)),
        task(limits=Limits(packages=("numpy", "matplotlib", "PyWavelets"))),
        task(files={"data.csv": b"1,2"}),
    ],
    ids=["student", "cell", "later cell", "one more cell", "limit", "packages", "file"],
)
def test_anything_else_that_differs_is_another_run(journal, other):
    journal.store(task(), execute(task()))
    assert journal.find(other) is None
    assert journal.missing(other) == {"x", "y"}


def test_other_code_under_the_course_is_another_run(journal, monkeypatch, tmp_path):
    journal.store(task(), execute(task()))
    before = key(task())
    package = tmp_path / "course_pkg"
    shutil.copytree(journal_module.Path(journal_module.course_pkg.__file__).parent, package)
    monkeypatch.setattr(journal_module.course_pkg, "__file__", str(package / "__init__.py"))

    def key_now():
        journal_module._code.cache_clear()
        return key(task())

    try:
        assert key_now() == before
        (package / "plots" / "style.py").write_text("changed")
        (package / "grading" / "reports" / "report.py").write_text("changed")
        assert key_now() == before
        (package / "grading" / "execution" / "execute.py").write_text("changed")
        changed_execute = key_now()
        (package / "checks" / "part.py").write_text("changed")
        assert len({before, changed_execute, key_now()}) == 3
    finally:
        journal_module._code.cache_clear()


def test_versions_of_all_that_is_needed_count():
    packages = environment(task())["packages"].split()
    assert [p for p in packages if p.startswith("numpy==")]
    assert [p for p in packages if p.startswith("pillow==")]  # matplotlib needs it
    assert not [p for p in packages if p.startswith(("torch==", "nbgrader=="))]


@pytest.mark.parametrize("place", [1, 3])
def test_a_changed_test_is_all_that_runs_and_the_rest_is_as_in_a_full_run(journal, place):
    part = CELLS[place][1]
    journal.store(task(), execute(task()))
    after = changed(place, f"test {part} better", part)
    assert journal.missing(after) == {part}
    assert journal.find(after) is None
    few = replace(after, only=journal.missing(after))
    ran = execute(few)
    other = json.loads(ran.content)["cells"][4 - place]
    assert other["outputs"] == []  # the fake runs no more than it is asked to
    journal.store(few, ran)
    assert journal.find(after) == execute(after)
    assert journal.find(task()) == execute(task())  # the test as it was before is still there


def test_other_points_and_another_place_are_another_test(journal):
    journal.store(task(), execute(task()))
    dearer = json.loads(task().content)
    dearer["cells"][1]["metadata"]["nbgrader"]["points"] = 3
    assert journal.missing(task(content=json.dumps(dearer))) == {"x"}
    later = task(content=notebook(CELLS[0], CELLS[2], CELLS[1], CELLS[3]))
    assert journal.missing(later) == {"x"}


def test_where_something_happened_everything_runs_again(journal):
    cells = [("tell the memory limit was reached", None), *CELLS]
    before = task(content=notebook(*cells))
    journal.store(before, execute(before))
    assert journal.find(before).incidents == ("the memory limit was reached",)
    cells[2] = ("test x better", "x")
    assert journal.missing(task(content=notebook(*cells))) == {"x", "y"}


def test_what_happens_in_a_changed_test_is_told(journal):
    journal.store(task(), execute(task()))
    after = changed(1, "test x slow", "x")
    few = replace(after, only=journal.missing(after))
    journal.store(few, execute(few))
    assert journal.find(after) == execute(after)
    assert journal.find(after).incidents == ("slow test x",)


@pytest.mark.parametrize("damage", ["cut", "empty", "bit", "line", "another student's", "another version's"])
def test_a_damaged_entry_counts_as_absent(journal, damage):
    journal.store(task(), execute(task()))
    [path] = files(journal)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "bit":
        path.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    elif damage == "line":
        path.write_bytes(whole.replace(b"\n", b"", 1))
    else:
        other = task("bob") if damage == "another student's" else changed(0, "x = 3")
        journal.store(other, execute(other))
        [theirs] = [p for p in files(journal) if p != path]
        shutil.copy(theirs, path)
    assert journal.find(task()) is None
    assert journal.missing(task()) == {"x", "y"}
    journal.store(task(), execute(task()))
    assert journal.find(task()) == execute(task())


def test_a_half_written_file_is_no_entry(journal):
    journal.store(task(), execute(task()))
    [path] = files(journal)
    path.rename(path.with_name(f"{path.name}.new"))
    assert journal.find(task()) is None


def test_an_outcome_that_decides_nothing_is_refused(journal):
    silent = json.loads(execute(task()).content)
    silent["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "4.0"}]
    with pytest.raises(ValueError, match="test cell x of ada says nothing"):
        journal.store(task(), replace(execute(task()), content=json.dumps(silent)))
    with pytest.raises(ValueError, match="cells differ from those of the task of ada"):
        journal.store(task(), execute(changed(0, "x = 3")))
    assert files(journal) == []


@pytest.mark.parametrize("name", ["..", "", "a/b", "a\0b"])
def test_a_name_that_leaves_the_folder_is_refused(journal, name):
    with pytest.raises(ValueError, match="expected one that can be a file's"):
        journal.find(task(name))


def test_only_the_newest_entries_and_results_are_kept(journal):
    versions = [changed(0, f"x = {i}") for i in range(KEPT + 3)]
    for i, version in enumerate(versions):
        journal.store(version, execute(version))
        [newest] = [path for path in files(journal) if path.name.endswith(key(version))]
        os.utime(newest, (i, i))
    assert len(files(journal)) == KEPT
    # what is used again is new again
    assert journal.find(versions[-KEPT]) is not None
    journal.store(versions[0], execute(versions[0]))
    assert journal.find(versions[-KEPT]) is not None
    assert journal.find(versions[-KEPT + 1]) is None

    tests = [changed(1, f"test x {i}", "x") for i in range(KEPT + 2)]
    journal.store(task(), execute(task()))
    for version in tests:
        few = replace(version, only=frozenset({"x"}))
        journal.store(few, execute(few))
    assert [journal.find(version) is not None for version in tests] == [False] * 2 + [True] * KEPT


def test_another_notebook_of_the_student_is_left_alone(journal):
    other = replace(task(), notebook="a1.extra")
    journal.store(other, execute(other))
    for i in range(KEPT + 1):
        version = changed(0, f"x = {i}")
        journal.store(version, execute(version))
    assert journal.find(other) is not None


def test_all_that_runs_a_submission_counts_as_its_environment():
    program = (
        "import sys, course_pkg.grading.execution.execute, course_pkg.grading.sandbox.kernel\n"
        "import course_pkg.grading.sandbox.tester\n"
        "print(*(name for name in sys.modules if name.startswith('course_pkg.')))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    parts = {name.removeprefix("course_pkg.") for name in said.split()} - {"grading", "grading.execution"}
    assert {"grading.execution.task", "checks.part"} <= parts
    counted = {name.removesuffix(".py").replace("/", ".") for name in journal_module._GRADING}
    for part in parts:
        top, _, rest = part.partition(".")
        if top == "grading":
            assert rest in counted or rest.partition(".")[0] in counted, part
        else:
            assert top not in journal_module._ELSEWHERE, part
