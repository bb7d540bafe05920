"""Files that are hardly notebooks: what can be read is read, the rest is rejected with a reason."""

import json

import pytest

from course_pkg.grading.intake.submitted import MAX_BYTES, MAX_CELLS, MAX_SOURCE, Unreadable, read_submitted


def notebook(*cells, **changes):
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | changes


def code(source="a = 1", **changes):
    return {"cell_type": "code", "id": "one", "metadata": {}, "source": source, "outputs": []} | changes


def read(content):
    """(cells, remarks) of a file, given as bytes, text or what JSON is to be made of."""
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    remarks = []
    _, cells = read_submitted(content.encode() if isinstance(content, str) else content, remarks)
    return cells, remarks


def sources(content):
    return [cell.source for cell in read(content)[0]]


SOUND = json.dumps(notebook(code("é = 1")), ensure_ascii=False)


def test_a_sound_file_has_no_remarks():
    [cell], remarks = read(SOUND)
    assert (cell.kind, cell.source, cell.id, cell.claims, cell.tags) == ("code", "é = 1", "one", None, ())
    assert remarks == []


@pytest.mark.parametrize(
    ("encoding", "remark"),
    [
        ("utf-8-sig", "byte-order mark"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("utf-32", "UTF-32"),
        ("latin-1", "read as Latin-1"),
    ],
)
def test_other_encodings_are_read(encoding, remark):
    [cell], [said] = read(SOUND.encode(encoding))
    assert cell.source == "é = 1"
    assert remark in said


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\0" * 1000, "empty"),
        (b"print('hello')", "not JSON"),
        (b"PK\x03\x04 a zip, renamed", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not JSON"),
        (SOUND[: len(SOUND) // 2].encode(), "cut off"),
        (SOUND[:-1].encode(), "cut off"),
        (b"[]", "a list and no notebook"),
        (b'"text"', "a str and no notebook"),
        (b"null", "a NoneType and no notebook"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"\xff\xfe{\x00}", "begins like UTF-16"),
    ],
)
def test_what_is_no_notebook_is_rejected(data, reason):
    with pytest.raises(Unreadable, match=reason):
        read(data)


def test_conflict_markers_are_named():
    lines = json.dumps(notebook(code()), indent=1).splitlines()
    lines[3:3] = ["<<<<<<< HEAD", lines[3], "=======", lines[3], ">>>>>>> theirs"]
    with pytest.raises(Unreadable, match=r"conflict markers of a merge \(line 4\)"):
        read("\n".join(lines))


def test_conflict_markers_inside_a_cell_are_the_cells_affair():
    assert sources(notebook(code("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x"))) != []


def test_limits():
    with pytest.raises(Unreadable, match="more than 25 MB"):
        read(b" " * (MAX_BYTES + 1))
    with pytest.raises(Unreadable, match=f"{MAX_CELLS + 1} cells"):
        read(notebook(*[{}] * (MAX_CELLS + 1)))
    with pytest.raises(Unreadable, match="1000000 cells"):
        read('{"nbformat": 4, "metadata": {}, "cells": [' + "0," * 999_999 + "0]}")
    with pytest.raises(Unreadable, match=f"{MAX_SOURCE + 1} characters"):
        read(notebook(code("#" * (MAX_SOURCE + 1))))
    assert len(read(notebook(*[code()] * MAX_CELLS))[0]) == MAX_CELLS


@pytest.mark.parametrize(
    ("version", "remark"), [("4", "'4'"), (None, "None"), ("3", "'3'"), (3, "as 3")], ids=str
)
def test_versions_that_are_said_wrongly(version, remark):
    cells, [said] = read(notebook(code(), nbformat=version))
    assert [cell.source for cell in cells] == ["a = 1"]
    assert remark in said
    assert "read as format 4" in said


@pytest.mark.parametrize("version", [2, 5, 1, 0, -4, 4.5, True, "five", [4], {"4": 4}, 10**29], ids=str)
def test_versions_that_are_not_known(version):
    with pytest.raises(Unreadable, match=r"has format .*, expected 4"):
        read(notebook(code(), nbformat=version))


def test_no_version():
    without = notebook(code())
    del without["nbformat"]
    assert sources(without) == ["a = 1"]
    with pytest.raises(Unreadable, match="format None"):
        read({})


OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "metadata": {},
            "cells": [
                {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]},
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": ["a = 1\n", "b = 2"],
                    "language": "python",
                    "metadata": {"nbgrader": {"grade_id": "pad"}},
                    "outputs": [{"output_type": "pyout", "broken": True}],
                    "prompt_number": 3,
                },
            ],
        }
    ],
}


def test_format_3_is_upgraded():
    cells, [remark] = read(OLD)
    assert [(cell.kind, cell.source) for cell in cells] == [
        ("markdown", "## Title"),
        ("code", "a = 1\nb = 2"),
    ]
    assert cells[1].claims == {"grade_id": "pad"}
    assert "old format 3" in remark


@pytest.mark.parametrize("sheets", [None, 3, {}], ids=str)
def test_format_3_without_worksheets(sheets):
    with pytest.raises(Unreadable, match="has no cells"):
        read(OLD | {"worksheets": sheets})


def test_damaged_cells_of_format_3_are_mended_like_others():
    good = OLD["worksheets"][0]["cells"][1]
    heading = {"cell_type": "heading", "level": 1.0, "source": 3}
    sheets = [3, {}, {"cells": 3}, {"cells": [3, good, {}, heading, good | {"input": 3}]}]
    cells, remarks = read(OLD | {"worksheets": sheets})
    assert [cell.source for cell in cells] == ["a = 1\nb = 2", "", "", ""]
    assert len(remarks) == 4  # old format, no cell at all, unknown types, no text


@pytest.mark.parametrize(
    ("cells", "reason"),
    [(None, "no cells"), ({}, "a dict for cells"), ("ab", "a str for cells"), (7, "a int")],
)
def test_cells_that_are_no_list(cells, reason):
    with pytest.raises(Unreadable, match=reason):
        read(notebook(cells=cells))
    without = notebook()
    del without["cells"]
    with pytest.raises(Unreadable, match="no cells"):
        read(without)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ('"x": 1, "x": 2', "stood twice"),
        ('"x": NaN', "NaN is not JSON"),
        ('"x": -Infinity', "-Infinity is not JSON"),
        ('"x": 1e999', "too large"),
        ('"x": ' + "9" * 10_000, "too large"),
        ('"x": -' + "9" * 40, "too large"),
    ],
    ids=lambda text: text[:12],
)
def test_json_that_is_not_quite_json(text, remark):
    cells, [said] = read(SOUND[:-1] + ", " + text + "}")
    assert [cell.source for cell in cells] == ["é = 1"]
    assert remark in said


def test_a_second_list_of_cells_replaces_the_first():
    # as in Jupyter, so that instructor and student see the same notebook
    cells, [remark] = read(SOUND[:-1] + ', "cells": []}')
    assert cells == []
    assert "the last one counts" in remark


@pytest.mark.parametrize(
    ("cell", "source", "remark"),
    [
        (code(cell_type="spell"), "a = 1", "unknown type"),
        (code(cell_type=["code"]), "a = 1", "unknown type"),
        (code(cell_type=None), "a = 1", "unknown type"),
        (code(metadata=3), "a = 1", "metadata were damaged"),
        (code(metadata={"nbgrader": [1]}), "a = 1", "said to nbgrader was damaged"),
        (code(metadata={"tags": "hide"}), "a = 1", "tags were damaged"),
        (code(metadata={"tags": [1, {}, "a,b"]}), "a = 1", "tags were damaged"),
        (code(["a", "\n", "b"]), "a\nb", None),
        (code(["a", 3, "b"]), "ab", "not text"),
        (code({"a": 1}), "", "not text"),
        (code(None), "", "not text"),
        (code(3.5), "", "not text"),
        (code("a = '\ud800'"), "a = '?'", "question marks"),
        (code(outputs="none"), "a = 1", None),
        (code(execution_count={}), "a = 1", None),
        (code(id=3), "a = 1", None),
        (code(id="no good/"), "a = 1", None),
    ],
)
def test_damaged_cells(cell, source, remark):
    [read_cell], remarks = read(notebook(cell))
    assert read_cell.source == source
    assert read_cell.kind == ("code" if cell["cell_type"] == "code" else "raw")
    assert [remark in said for said in remarks] == ([True] if remark else [])


@pytest.mark.parametrize("cell", [None, 3, "print()", [], True], ids=str)
def test_what_is_no_cell_is_left_out(cell):
    cells, [remark] = read(notebook(code("before"), cell, code("after", id="two")))
    assert [cell.source for cell in cells] == ["before", "after"]
    assert "not a cell at all" in remark


def test_an_id_counts_once():
    cells, [remark] = read(notebook(code("a"), code("b"), code("c", id="other"), code("d", id="other")))
    assert [cell.id for cell in cells] == ["one", None, "other", None]
    assert remark == "2 cells: had the id of another cell"


PICTURE = {"image/png": "iVBORw0KGgo="}


@pytest.mark.parametrize(
    ("attached", "kept", "remark"),
    [
        ({"sketch.png": PICTURE}, ["sketch.png"], None),
        ({"a.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}, "b.png": PICTURE}, ["b.png"], "no picture"),
        ({"a.html": {"text/html": "<script>"}}, [], "no picture"),
        ({"a.png": {"image/png": ["iVBO"]}}, [], "no picture"),
        ({"a.png": "iVBO"}, [], "no picture"),
        ([], [], "no picture"),
        (3, [], "no picture"),
    ],
)
def test_attachments_are_pictures(attached, kept, remark):
    [cell], remarks = read(notebook({**code("text"), "cell_type": "markdown", "attachments": attached}))
    assert list(cell.attachments) == kept
    assert [remark in said for said in remarks] == ([True] if remark else [])


@pytest.mark.parametrize("metadata", [None, [], "python", 4], ids=str)
def test_metadata_of_another_type(metadata):
    _, [remark] = read(notebook(code(), metadata=metadata))
    assert "metadata were missing or damaged" in remark
