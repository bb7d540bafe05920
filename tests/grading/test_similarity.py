"""Copies are found however they are dressed up, and work done independently is not taken for one."""

import ast
import csv
import itertools
import json

import nbformat
import pytest
from bs4 import BeautifulSoup

from course_pkg.__main__ import main
from course_pkg.grading.assignments import bank
from course_pkg.grading.assignments.sample_class import ASSIGNMENT, STUDENTS
from course_pkg.grading.reports import similarity
from course_pkg.grading.reports.similarity import LEAST, matches, side_by_side


def code_of(notebook):
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


@pytest.fixture(scope="module")
def released():
    folder = bank.ROOT / "assignments" / ASSIGNMENT
    return nbformat.read(folder / f"{ASSIGNMENT}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def stubs(released):
    return code_of(released)


@pytest.fixture
def works(released):
    return {s.name: code_of(bank.fill(released, s.source)) for s in bank.load(ASSIGNMENT, "correct")}


class Rename(ast.NodeTransformer):
    """Gives every name that the source itself binds another one."""

    def __init__(self, tree):
        bound = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        self.new = {name: f"my_{name[::-1]}_{len(name)}" for name in bound}

    def visit_Name(self, node):
        node.id = self.new.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.new[node.arg]
        return node


def renamed(work):
    """The same code with other names, other blanks and no comments."""

    def source(text):
        tree = ast.parse(text)
        return ast.unparse(Rename(tree).visit(tree))

    return {cell: source(text) for cell, text in work.items()}


def reordered(work):
    """The same functions, all in the first cell, the last one first."""
    pieces = [ast.unparse(node) for text in work.values() for node in ast.parse(text).body]
    return dict.fromkeys(work, "") | {next(iter(work)): "\n\n".join(reversed(pieces))}


def annotated(work):
    return {
        cell: "\n".join(f"{line}  # step {i}" for i, line in enumerate(text.splitlines()))
        for cell, text in work.items()
    }


def test_independent_solutions_are_not_alike(works, stubs):
    assert len(works) >= 8
    assert matches(works, stubs) == []


def test_nor_are_they_by_a_hair(works, stubs, monkeypatch):
    monkeypatch.setattr(similarity, "SHARE", 0.2)
    assert matches(works, stubs) == []


def test_untouched_stubs_are_not_alike(stubs):
    assert matches({"a": stubs, "b": stubs, "c": stubs}, stubs) == []


@pytest.mark.parametrize("dressed", [renamed, reordered, annotated, lambda work: renamed(reordered(work))])
def test_every_copy_is_found_in_disguise(works, stubs, dressed):
    assert dressed(works["loops"]) != works["loops"]
    for name, work in works.items():
        found = matches(works | {"copy": dressed(work)}, stubs)
        assert [{*m.first, *m.second} for m in found] == [{name, "copy"}]
        assert found[0].share > 0.6
        assert found[0].characters > LEAST


def test_half_a_copy_is_found(works, stubs):
    cells = list(stubs)
    mixed = {cell: works["loops" if i % 2 else "fourier"][cell] for i, cell in enumerate(cells)}
    found = matches({"loops": works["loops"], "mixed": renamed(mixed)}, stubs)
    assert [(m.first, m.second) for m in found] == [(("loops",), ("mixed",))]
    assert 0.3 < found[0].share < 0.8


def test_a_ring_stands_in_one_line(works, stubs):
    ring = {f"student {i:02}": renamed(works["lists"]) for i in range(25)} | {"teacher": works["loops"]}
    [match] = matches(ring, stubs)
    assert match.first == ("student 00",)
    assert len(match.second) == 24
    assert match.share == 1


def test_what_much_of_the_class_has_does_not_count(works, stubs, monkeypatch):
    same = works.pop("fourier")
    both = {
        name: {cell: f"{same[cell]}\n\n{text}" for cell, text in work.items()} for name, work in works.items()
    }
    pairs = len(works) * (len(works) - 1) // 2
    assert len(matches(both, stubs)) == pairs
    monkeypatch.setattr(similarity, "COMMON", len(works) - 1)
    assert matches(both, stubs) == []


def test_lines_that_both_have_are_marked(works, stubs):
    copy = dict.fromkeys(stubs, "") | {
        "crop-code": renamed(works["loops"])["crop-code"] + "\n\n\nmine = 'own'\n"
    }
    rows = {row["cell"]: row for row in side_by_side(works["loops"], copy, stubs)}
    assert "crop-code" in rows
    for side in ("first", "second"):
        marked = [text for text, common in rows["crop-code"][side] if common]
        assert [text for text in marked if text.startswith("def ")]
        assert "mine = 'own'" not in marked
    assert "\n".join(text for text, _ in rows["crop-code"]["second"]) == copy["crop-code"]


@pytest.mark.parametrize(
    "text", ["def f(:\n", "'''never closed", "\x00\ud800", "x = 1\n" * 40_000, "((((" * 5_000, ""]
)
def test_code_that_is_none_stops_nobody(works, stubs, text):
    odd = dict.fromkeys(stubs, "") | {next(iter(stubs)): text}
    found = matches({"ada": works["loops"], "bo": renamed(works["loops"]), "odd": odd}, stubs)
    assert [{*m.first, *m.second} for m in found] == [{"ada", "bo"}]
    side_by_side(works["loops"], odd, stubs)


def test_the_sample_class(class_copy, capsys):
    """Whoever started from the same solution of the bank is found, and nobody else."""
    notebook = class_copy / "submitted" / "dobrien" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code":
            cell["source"] = f"{''.join(cell['source'])}\n# <script>alert('{'A' * 50}')</script>"
    twin = class_copy / "submitted" / "=cmd" / ASSIGNMENT
    twin.mkdir(parents=True)
    (twin / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    (class_copy / "submitted" / "bkowalska" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_text("{")
    assert main(["similarity", ASSIGNMENT, "--class", str(class_copy)]) == 0
    said = capsys.readouterr().out
    assert "not compared: bkowalska: " in said
    reports = class_copy / "reports"
    with (reports / f"{ASSIGNMENT}_similarity.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    base = {student: correct for student, *_, correct, _ in STUDENTS} | {"'=cmd": "composed"}
    assert {row["first"] for row in rows} <= set(base)
    assert all(base[row["first"]] == base[row["second"]] for row in rows)
    assert {"first": "'=cmd", "second": "dobrien"}.items() <= rows[0].items()
    assert float(rows[0]["share"]) == 1
    shares = [float(row["share"]) for row in rows]
    assert shares == sorted(shares, reverse=True)
    soup = BeautifulSoup(
        (reports / f"{ASSIGNMENT}_similarity.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert len(soup.select("details.pair")) == len(rows) >= 9
    assert not soup.find_all(["script", "img", "link", "iframe"])
    assert "alert(" in soup.select_one("details.pair pre").text
    assert soup.select_one("#left-out li b").text == "bkowalska"
    for pair in itertools.islice(soup.select("details.pair"), 3):
        left, right = (len(pair.select(f"pre:nth-child({i}) .same")) for i in (1, 2))
        assert left > 5
        assert right > 5


def test_no_class_no_listing(tmp_path, capsys):
    assert main(["similarity", ASSIGNMENT, "--class", str(tmp_path)]) == 2
    assert "has no submitted/ folder" in capsys.readouterr().err
