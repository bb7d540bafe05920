"""Every notebook is stored executed, clean, in small cells; every chapter covers its part of the syllabus."""

import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(p for p in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
CHAPTERS = [path for path in NOTEBOOKS if path.parent.name != "gpu"]  # Part IV has no ids in the syllabus

# what the syllabus asks each chapter for: claims it computes, figures it draws, problems it solves
SYLLABUS = {
    "why_convolution": "C1 C2 C3 C4 C5",
    "convolution_1d": "F1 F2 F3 C6 P1",
    "conv_layers_1d": "C7 C8 F4 F5 F6 F7 F8 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11",
    "mnist1d": "C9 C10 C11 C12 P12 F9 F10 F11",
    "convolution_2d": "F12 F13 F14 F15 C13",
    "conv_layers_2d": "C14 C15 C16 C17 C18 C19 P13 P14 F16 F17 F18",
    "im2col": "C20 C21",
    "pooling_and_invariance": "C22 C23 C24 F19 F20 F21",
    "backprop": "",
    "resampling": "F22 F23 F24 P15",
    "variants": "C25",
    "training": "C26 P16",
    "alexnet": "C27 C28 C29 C30 C31 P17 P18",
    "vgg_and_depth": "C32 P19",
    "yolo": "C33 F25",
    "segmentation": "C34 F26",
    "visualizing": "",
    "equivariant_networks": "",
}
HEADINGS = ["Common mistakes", "Exercises", "What to remember", "Where this came from", "What to do next"]
MACHINE_PATH = re.compile(r"/(?:work|root|home|tmp|Users)/\w|[A-Z]:\\\\")


def name(path):
    return path.relative_to(BOOK).with_suffix("").as_posix()


def read(path):
    return nbformat.read(path, as_version=4)


def covers(notebook):
    return [name for cell in notebook.cells for name in cell.metadata.get("course", {}).get("covers", [])]


def source_lines(cell):
    return [line for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.fixture(params=NOTEBOOKS, ids=name)
def notebook(request):
    return read(request.param)


def test_every_chapter_is_there():
    assert {path.stem for path in CHAPTERS} == set(SYLLABUS)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_covers_its_part_of_the_syllabus_each_id_once(path):
    assert Counter(covers(read(path))) == Counter(SYLLABUS[path.stem].split())


def test_a_covered_id_stands_on_a_code_cell_that_shows_or_asserts_something(notebook):
    for cell in notebook.cells:
        names = cell.metadata.get("course", {}).get("covers", [])
        if names:
            assert cell.cell_type == "code", names
            assert cell.outputs or "assert" in cell.source, names
        if any(name.startswith("C") for name in names):
            assert "assert" in cell.source, f"{names}: a claim is asserted where it is computed"
        if any(name.startswith("F") for name in names):
            assert any("<svg" in output.get("data", {}).get("text/html", "") for output in cell.outputs), (
                names
            )


def test_is_stored_executed_in_order_and_without_complaints(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        raises = "raises-exception" in cell.metadata.get("tags", [])
        assert raises or all(output.output_type != "error" for output in cell.outputs), cell.source
        assert all(output.get("name") != "stderr" for output in cell.outputs), cell.source
        assert "execution" not in cell.metadata, "time stamps change with every run"


def test_holds_no_path_of_a_machine(notebook):
    found = MACHINE_PATH.search(nbformat.writes(notebook))
    assert found is None, found.group()


def test_cells_are_small(notebook):
    lengths = [len(source_lines(cell)) for cell in notebook.cells if cell.cell_type == "code"]
    assert max(lengths) <= 10
    assert sorted(lengths)[len(lengths) // 2] <= 4


def test_code_fits_the_width_of_the_page(notebook):
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert [line for source in code for line in source.splitlines() if len(line) > 88] == []


def test_imports_nothing_by_star_and_hides_no_exception(notebook):
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not re.search(r"import \*|except\s*:|warnings\.(filter|simplefilter)", source)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_has_the_rhythm_of_a_chapter(path):
    notebook = read(path)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert text.count("Predict first") >= 4
    assert text.count("{dropdown} Hint") >= 4
    for heading in [
        "Common mistakes",
        "Exercises",
        "What to remember",
        "Where this came from",
        "What to do next",
    ]:
        assert re.search(rf"^##+ .*{heading}", text, re.MULTILINE), heading
    solutions = [cell for cell in notebook.cells if "hide-cell" in cell.metadata.get("tags", [])]
    assert len(solutions) >= 4
    assert all(cell.cell_type == "code" for cell in solutions)
