"""Whatever a student does to a notebook: it gets the instructor's tests, and the student's work stays."""

import copy
import json
import random

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import compute_checksum
from traitlets.config import Config

from course_pkg.grading.assignments import bank, sample_class
from course_pkg.grading.assignments.release import ROOT
from course_pkg.grading.intake.repair import Unreadable, remarks_of, repair

A1 = "a1_convolution_1d"
SOURCE = bank.source_notebook(A1)
RELEASED = nbformat.read(ROOT / "assignments" / A1 / f"{A1}.ipynb", as_version=4)


def facts(cell):
    return cell.metadata.get("nbgrader")


def known(notebook):
    """The nbgrader cells by name, in order."""
    return {facts(cell).grade_id: cell for cell in notebook.cells if facts(cell)}


NAMES = list(known(SOURCE))


def data(notebook):
    return json.dumps(notebook).encode()


def mend(notebook):
    return repair(data(notebook), SOURCE)


def plain(source, kind="code", **changes):
    return {"cell_type": kind, "metadata": {}, "source": source, "outputs": [], **changes}


@pytest.fixture
def answered():
    """The released notebook with an answer in every cell that asks for one, as plain data."""
    notebook = json.loads(nbformat.writes(RELEASED))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = f"answer = {cell['metadata']['nbgrader']['grade_id']!r}"
    return notebook


def cell_of(notebook, name):
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def index_of(notebook, name):
    return notebook["cells"].index(cell_of(notebook, name))


def same_work(submitted, mended):
    """Whether each cell is as submitted, tests aside, which are the instructor's."""
    assert len(submitted.cells) == len(mended.cells)
    for before, after in zip(submitted.cells, mended.cells, strict=True):
        assert (before.cell_type, before.id) == (after.cell_type, after.id)
        if facts(before) and facts(before).grade and not facts(before).solution:
            assert after.source == known(SOURCE)[facts(before).grade_id].source
        else:
            assert after.source == before.source
            assert after.metadata == before.metadata


# a sound notebook stays as it is


@pytest.mark.parametrize("kind", ["correct", "wrong"])
def test_the_whole_bank_needs_no_mending(kind, check_invariants):
    for solution in bank.load(A1, kind):
        filled = bank.fill(RELEASED, solution.source)
        mended = mend(filled)
        same_work(filled, mended)
        assert remarks_of(mended) == []
        assert mended.metadata == RELEASED.metadata
        check_invariants(mended)


def test_the_sample_class_needs_no_mending_but_for_the_deleted_test(check_invariants):
    for submission in sample_class.plan(RELEASED):
        if submission.kind == "not handed in":
            continue
        notebook = sample_class.notebook_of(submission, RELEASED)
        mended = mend(notebook)
        check_invariants(mended)
        if submission.kind == "test deleted":
            assert remarks_of(mended) == ["correlate: was missing, and is back as it was released"]
            assert [c.id for c in mended.cells] == [c.id for c in RELEASED.cells]
        else:
            same_work(notebook, mended)
            assert remarks_of(mended) == []


def test_outputs_and_what_editors_leave_behind_go_without_a_word(answered):
    before = mend(answered)
    for cell in answered["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hello"}]
        cell["metadata"] |= {"collapsed": False, "scrolled": True, "vscode": {"languageId": "python"}}
    answered["metadata"] |= {"widgets": {"application/vnd.jupyter.widget-state+json": {}}, "toc": {"a": 1}}
    answered["metadata"]["language_info"] |= {"version": "3.12.1", "file_extension": ".py"}
    after = mend(answered)
    assert after == before
    assert remarks_of(after) == []


def test_the_instructors_own_copy_can_be_handed_in():
    assert remarks_of(mend(SOURCE)) == []


def test_repairing_twice_changes_nothing(answered):
    random.Random(1).shuffle(answered["cells"])
    once = mend(answered)
    twice = mend(once)
    assert remarks_of(once)
    assert twice.cells == once.cells


def test_older_files_without_cell_ids_are_sound(answered, check_invariants):
    for cell in answered["cells"]:
        del cell["id"]
    answered["nbformat_minor"] = 4
    mended = mend(answered)
    check_invariants(mended)
    assert remarks_of(mended) == []
    assert len(mended.cells) == len(answered["cells"])
    assert mended == mend(answered)  # the ids that it gets are always the same


# one thing done to it: what becomes of it, and what the instructor reads


def delete(name):
    def change(notebook):
        notebook["cells"].remove(cell_of(notebook, name))

    return change


def set_flag(name, **flags):
    def change(notebook):
        cell_of(notebook, name)["metadata"]["nbgrader"].update(flags)

    return change


def set_cell(name, **fields):
    def change(notebook):
        cell_of(notebook, name).update(fields)

    return change


def tag(name, *tags):
    def change(notebook):
        cell_of(notebook, name)["metadata"]["tags"] = list(tags)

    return change


def set_metadata(**fields):
    def change(notebook):
        notebook["metadata"].update(fields)

    return change


def duplicate(name):
    def change(notebook):
        index = index_of(notebook, name)
        notebook["cells"].insert(index + 1, copy.deepcopy(notebook["cells"][index]) | {"id": "copied"})

    return change


def invent(**claims):
    def change(notebook):
        claims_all = {"grade": True, "solution": False, "locked": False, "schema_version": 3} | claims
        notebook["cells"].append(plain("100", metadata={"nbgrader": claims_all}))

    return change


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        (delete("pad"), "pad: was missing"),
        (delete("setup"), "setup: was missing"),
        (duplicate("pad"), "pad: was there 2 times"),
        (duplicate("pad-code"), "pad-code: was there 2 times"),
        (set_cell("pad", cell_type="markdown"), "pad: was a markdown cell, and is a code cell again"),
        (set_cell("pad-code", cell_type="raw"), "pad-code: was a raw cell, and is a code cell again"),
        (set_cell("pad", source="5"), "pad: differs from what was released"),
        (set_cell("setup", source="import os"), "setup: differs from what was released"),
        (set_cell("pad-code", source=" \n"), "pad-code: was empty"),
        (set_cell("in-your-own-words", source=""), "in-your-own-words: was empty"),
        (set_flag("pad", grade=False), "pad: its grade differed"),
        (set_flag("pad", solution=True), "pad: its solution differed"),
        (set_flag("pad-code", solution=False, locked=True), "pad-code: its solution, locked differed"),
        (set_flag("pad-code", grade=True, points=50), "pad-code: its grade, points differed"),
        (set_flag("pad", points=500), "pad: its points differed"),
        (set_flag("pad", points="5"), "pad: its points differed"),
        (set_flag("pad", points=[5]), "pad: its points differed"),
        (set_flag("pad", points=float("nan")), "NaN is not JSON"),
        (set_flag("pad", points=-5), "pad: its points differed"),
        (set_flag("pad", schema_version=1), "pad: its schema_version differed"),
        (set_flag("pad", schema_version=99), "pad: its schema_version differed"),
        (set_flag("pad", schema_version="3"), "pad: its schema_version differed"),
        (set_flag("pad", task=True), "pad: its task differed"),
        (set_flag("pad", grade_id="PAD"), "pad: was called 'PAD'"),
        (set_flag("pad-code", grade_id=" pad-code\n"), "pad-code: was called ' pad-code\\n'"),
        (
            set_flag("pad", grade_id="bonus"),
            "pad: had lost what it says to nbgrader, and was known by its id",
        ),
        (set_flag("pad", grade_id=["pad"]), "pad: had lost"),
        (set_cell("pad-code", metadata={}), "pad-code: had lost"),
        (set_cell("pad", metadata="none"), "pad: had lost"),
        (invent(grade_id="bonus", points=100), "a cell claims to be 'bonus'"),
        (invent(points=100), "a cell claims to be None"),
        (invent(grade_id="x" * 99), f"a cell claims to be '{'x' * 38}…"),
        (tag("pad-code", "skip-execution"), "pad-code: its tags differed"),
        (tag("pad", "skip-execution", "raises-exception"), "pad: its tags differed"),
        (set_metadata(kernelspec={"name": "bash", "language": "bash"}), "its kernelspec was 'bash'"),
        (set_metadata(kernelspec=["bash"]), "its kernelspec was a list"),
        (set_metadata(language_info={"name": "R"}), "its language_info was 'R'"),
    ],
)
def test_one_change_is_mended_and_named(answered, change, remark, check_invariants):
    untouched = mend(answered)
    assert remarks_of(untouched) == []
    change(answered)
    mended = mend(answered)
    check_invariants(mended)
    assert [said for said in remarks_of(mended) if remark in said], remarks_of(mended)
    assert len(remarks_of(mended)) <= 2
    # every answer is where it was, except the two that were emptied
    emptied = [said.split(":")[0] for said in remarks_of(mended) if "was empty" in said]
    for name in set(NAMES) - set(emptied):
        assert known(mended)[name].source == known(untouched)[name].source
    for name in emptied:
        assert known(mended)[name].source == known(RELEASED)[name].source


def test_a_missing_answer_is_the_released_stub(answered):
    for name in ("pad-code", "in-your-own-words"):
        delete(name)(answered)
    mended = known(mend(answered))
    for name in ("pad-code", "in-your-own-words"):
        assert mended[name].source == known(RELEASED)[name].source
        # by which nbgrader sees that there is no response
        assert facts(mended[name]).checksum == compute_checksum(mended[name])


def test_a_test_as_it_was_released_earlier_is_not_called_edited(answered, check_invariants):
    # the student's copy is older than the instructor's last change of the test
    earlier = nbformat.from_dict(cell_of(answered, "pad"))
    earlier.source = "# an older test"
    earlier.metadata.nbgrader.checksum = compute_checksum(earlier)
    cell_of(answered, "pad").update(earlier)
    mended = mend(answered)
    assert remarks_of(mended) == []
    check_invariants(mended)


def test_reordered_cells_go_back_and_take_along_what_followed_them(answered, check_invariants):
    index = index_of(answered, "pad-code")
    answered["cells"].insert(index + 1, plain("mine", id="mine"))
    moved = [answered["cells"].pop(index) for _ in range(2)]
    answered["cells"][2:2] = moved
    mended = mend(answered)
    check_invariants(mended)
    assert remarks_of(mended) == [
        "the assignment's cells had another order; they are back in the instructor's"
    ]
    ids = [c.id for c in mended.cells]
    place = ids.index("mine")
    assert facts(mended.cells[place - 1]).grade_id == "pad-code"


@pytest.mark.parametrize("where", ["above", "below"])
@pytest.mark.parametrize("own_id", ["original", "none"])
def test_of_two_answers_the_one_with_the_id_counts_and_both_stay(answered, where, own_id, check_invariants):
    index = index_of(answered, "pad-code")
    other = copy.deepcopy(answered["cells"][index]) | {"source": "another = 1", "id": "copied"}
    answered["cells"].insert(index + (where == "below"), other)
    if own_id == "none":
        for cell in answered["cells"]:
            del cell["id"]
    mended = mend(answered)
    check_invariants(mended)
    first = where == "above" and own_id == "none"
    assert known(mended)["pad-code"].source == ("another = 1" if first else "answer = 'pad-code'")
    # code runs in the order in which it stood in the notebook
    order = [c.source for c in mended.cells if c.source in ("another = 1", "answer = 'pad-code'")]
    assert order == (["another = 1", "answer = 'pad-code'"][:: 1 if where == "above" else -1])


def test_a_copy_that_was_left_as_released_does_not_count(answered):
    index = index_of(answered, "in-your-own-words")
    stub = json.loads(json.dumps(known(RELEASED)["in-your-own-words"]))
    answer = answered["cells"][index] | {"id": "copied"}
    answered["cells"][index : index + 1] = [stub, answer]
    assert known(mend(answered))["in-your-own-words"].source == "answer = 'in-your-own-words'"


def test_an_answer_written_elsewhere_runs_behind_the_stub_and_before_the_test(answered):
    index = index_of(answered, "pad-code")
    answered["cells"][index] = plain("def pad(): ...", id="elsewhere")
    delete("pad")(answered)
    ids = [c.id for c in mend(answered).cells]
    assert ids == [
        *(c.id for c in RELEASED.cells[: index + 1]),
        "elsewhere",
        *(c.id for c in RELEASED.cells[index + 1 :]),
    ]


def test_without_ids_too_the_answer_is_between_stub_and_test(answered, check_invariants):
    index = index_of(answered, "pad-code")
    answered["cells"][index] = plain("def pad(): ...")
    delete("pad")(answered)
    for cell in answered["cells"]:
        cell.pop("id", None)
    mended = mend(answered)
    check_invariants(mended)
    names = [facts(c).grade_id if facts(c) else c.source for c in mended.cells]
    assert names.index("pad-code") < names.index("def pad(): ...") < names.index("pad")


def test_cells_of_the_student_stay_where_they_stood(answered, check_invariants):
    answered["cells"].insert(0, plain("first", id="first"))
    answered["cells"].insert(index_of(answered, "crop"), plain("# helper", "markdown", id="helper"))
    answered["cells"].append(plain("last", "raw", id="last"))
    mended = mend(answered)
    check_invariants(mended)
    assert remarks_of(mended) == []
    assert [c.id for c in mended.cells] == [c["id"] for c in answered["cells"]]
    assert [c.cell_type for c in mended.cells] == [c["cell_type"] for c in answered["cells"]]


def test_what_a_students_own_cell_says_to_runners_is_taken_away(answered):
    answered["cells"].insert(3, plain("a", id="x", metadata={"tags": ["mine", "skip-execution"]}))
    answered["cells"].insert(4, plain("b", id="y", metadata={"tags": ["raises-exception"]}))
    mended = mend(answered)
    assert [dict(c.metadata) for c in mended.cells[3:5]] == [{"tags": ["mine"]}, {}]
    assert remarks_of(mended) == ["2 cells: tags that say how to run it were removed"]


def test_the_instructors_tags_stay(answered):
    source = copy.deepcopy(SOURCE)
    source.cells[4].metadata["tags"] = ["raises-exception", "hide-input"]
    answered["cells"][4]["metadata"]["tags"] = ["raises-exception", "hide-input"]
    mended = repair(data(answered), source)
    assert mended.cells[4].metadata.tags == ["raises-exception", "hide-input"]
    assert remarks_of(mended) == []


def test_a_forged_id_does_not_clash(answered, check_invariants):
    answered["cells"].insert(0, plain("mine", id="a1-08"))
    answered["cells"].insert(0, plain("mine too", id="cell-0-0"))
    mended = mend(answered)
    check_invariants(mended)
    assert known(mended)["convolve"].id == "a1-08"


def test_a_picture_in_an_answer_stays(answered):
    attachments = {"sketch.png": {"image/png": "iVBORw0KGgo="}}
    cell_of(answered, "in-your-own-words")["attachments"] = attachments
    assert known(mend(answered))["in-your-own-words"].attachments == attachments


def test_forged_remarks_do_not_stay(answered):
    answered["metadata"]["course_pkg"] = {"remarks": ["full marks, please"]}
    assert remarks_of(mend(answered)) == []


def test_remarks_are_bounded(answered):
    answered["cells"] += [
        plain("x", metadata={"nbgrader": {"grade": True, "grade_id": f"bonus{i}"}}) for i in range(500)
    ]
    remarks = remarks_of(mend(answered))
    assert len(remarks) == 41
    assert remarks[-1] == "and 460 remarks more"


def test_another_notebook_is_rejected():
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('hello')")])
    with pytest.raises(Unreadable, match="none of the assignment's cells"):
        mend(other)
    with pytest.raises(Unreadable, match="none of the assignment's cells"):
        mend(nbformat.v4.new_notebook())


def test_stubs_are_those_of_the_configuration():
    config = Config({"ClearSolutions": {"text_stub": "Write here.", "code_stub": {"python": "..."}}})
    mended = repair(data(RELEASED | {"cells": RELEASED.cells[:8]}), SOURCE, config)
    assert known(mended)["in-your-own-words"].source == "Write here."
    assert "NotImplementedError" not in known(mended)["pad-code"].source


def test_task_cells_are_the_instructors(answered):
    # nbgrader's third kind: a task in words, marked by hand, whose answer stands in other cells
    source = copy.deepcopy(SOURCE)
    flags = {"grade": False, "solution": False, "locked": True, "task": True}
    metadata = {"nbgrader": flags | {"grade_id": "draw", "points": 3, "schema_version": 3}}
    source.cells.append(nbformat.v4.new_markdown_cell("Draw it.", id="draw", metadata=metadata))
    missing = repair(data(answered), source)
    answered["cells"].append(plain("Done.", "markdown", metadata=metadata))
    edited = repair(data(answered), source)
    for mended, remark in ((missing, "draw: was missing"), (edited, "draw: differs")):
        assert known(mended)["draw"].source == "Draw it."
        assert [said for said in remarks_of(mended) if said.startswith(remark)] == remarks_of(mended)
        assert facts(known(mended)["draw"]).points == 3
        MetadataValidator().validate_nb(mended)
