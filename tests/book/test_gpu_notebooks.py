"""The notebooks of full training: one settings cell, a warning above what smoke runs show, a whole record."""

import ast
import doctest
import html
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from course_pkg.plots import full, training

ROOT = Path(__file__).parents[2]
BIBLIOGRAPHY = (ROOT / "book/references.bib").read_text(encoding="utf-8")
TRAINS = {"alexnet": "alexnet", "vgg": "vgg", "yolo": "yolo", "segmentation": "deconvnet"}
IMAGES = ("alexnet", "vgg")
SETTINGS = ["NAME", "DATA", "PROFILE", "FOLDER", "SEED", "OUT"]
ALT = "What there is to be seen, in words."


@pytest.fixture(params=TRAINS)
def name(request):
    return request.param


@pytest.fixture
def notebook(name):
    return nbformat.read(ROOT / "book" / "gpu" / f"{name}.ipynb", as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def shown(cell):
    """All that a cell shows, as text and as HTML."""
    data = [output.get("data", {}) for output in cell.outputs]
    streams = [output.get("text", "") for output in cell.outputs]
    return "\n".join(streams + [each.get(kind, "") for each in data for kind in ("text/plain", "text/html")])


def settings_cell(notebook):
    [cell] = [cell for cell in code(notebook) if re.search(r"^PROFILE = ", cell.source, re.MULTILINE)]
    return cell


def test_all_settings_stand_in_one_cell_and_are_stored_as_the_defaults(notebook, name):
    assigned = {
        node.targets[0].id: ast.unparse(node.value)
        for node in ast.parse(settings_cell(notebook).source).body
        if isinstance(node, ast.Assign)
    }
    assert list(assigned) == SETTINGS
    assert [assigned[key] for key in SETTINGS[1:5]] == ["None", "None", "None", "0"]
    assert ast.literal_eval(assigned["NAME"]) == TRAINS[name]
    assert assigned["OUT"] == "Path('../../_build/gpu')"


def test_no_other_cell_asks_which_profile_it_is(notebook):
    others = [cell.source for cell in code(notebook) if cell is not settings_cell(notebook)]
    assert not re.search(r"""["'](smoke|full)["']""", "\n".join(others))


def test_warns_at_the_top_if_and_only_if_the_stored_run_was_a_smoke_run(notebook):
    cells = code(notebook)
    place, cell = next((i, each) for i, each in enumerate(cells) if "full.notice(" in each.source)
    [profile] = re.findall(r"^profile: (\w+)", shown(cell), re.MULTILINE)
    assert profile in full.PROFILES
    everything = "\n".join(shown(each) for each in cells)
    assert ('class="admonition warning"' in shown(cell)) == (profile == "smoke")
    assert ("A smoke run, no result" in everything) == (profile == "smoke")
    assert place == 1
    assert not any("<svg" in shown(before) for before in cells[:place])


def test_trains_by_the_one_function_and_keeps_no_progress_bar(notebook):
    [cell] = [cell for cell in code(notebook) if "run_full(" in cell.source]
    assert "clear_output()" in cell.source
    assert cell.outputs == []
    source = "\n".join(each.source for each in code(notebook))
    assert not re.search(r"\.backward\(|\.step\(|\bfit\(|train_once\(", source)


def test_the_figures_are_measured_again_and_compared_with_the_card(notebook):
    checks = [cell for cell in code(notebook) if 'run.card["measured"]' in cell.source]
    assert len(checks) == 1
    assert "assert abs(" in checks[0].source


def test_the_record_is_complete(notebook):
    [cell] = [cell for cell in code(notebook) if "full.record(run.card)" in cell.source]
    told = dict(re.findall(r"^(\S.*?)  +(\S.*)$", shown(cell), re.MULTILINE))
    assert told.keys() >= {"seed", "hardware", "torch", "wall time", "throughput", "peak memory"}
    assert told["seed"].isdecimal()
    assert re.fullmatch(r"(\d+ min )?\d+ s", told["wall time"])
    assert re.fullmatch(r"[\d,]+ images a second", told["throughput"])
    assert re.fullmatch(r"\d+\.\d GB", told["peak memory"])


def test_the_stored_profile_is_that_of_the_record(notebook):
    everything = "\n".join(shown(cell) for cell in code(notebook))
    [profile] = re.findall(r"^profile: (\w+)", everything, re.MULTILINE)
    assert re.search(rf"^profile +{profile}$", everything, re.MULTILINE)


def test_says_where_weights_and_card_lie_and_no_place_of_this_machine(notebook, name):
    everything = "\n".join(shown(cell) for cell in code(notebook))
    files = re.findall(rf"^(\S+/{TRAINS[name]}/\w+/\S+\.(?:safetensors|json))$", everything, re.MULTILINE)
    assert {Path(file).suffix for file in files} >= {".safetensors", ".json"}
    assert all(file.startswith("../../_build/gpu/") for file in files)


def test_what_depends_on_the_machine_is_not_compared(notebook):
    start = code(notebook).index(settings_cell(notebook))
    for cell in code(notebook)[start + 1 :]:
        if cell.outputs:
            assert "nbval-ignore-output" in cell.metadata.get("tags", []), cell.source


def test_says_what_its_results_are_not(notebook, name):
    wanted = "These are not ImageNet results" if name in IMAGES else "Pasted scenes are not PASCAL VOC"
    assert f"```{{admonition}} {wanted}\n:class: warning" in prose(notebook)


def test_cites_only_what_is_in_the_bibliography(notebook):
    cited = {
        key
        for keys in re.findall(r"\{cite:[pt]\}`([^`]+)`", prose(notebook))
        for key in re.split(r",\s*", keys)
    }
    assert cited
    assert [key for key in cited if not re.search(rf"@\w+\{{{key},", BIBLIOGRAPHY)] == []


def test_leads_to_its_chapter(notebook, name):
    chapter = {"vgg": "vgg_and_depth"}.get(name, name)
    assert f"</book/networks/{chapter}>`" in prose(notebook)


def test_every_figure_says_what_it_shows(notebook):
    drawn = [cell for cell in code(notebook) if "<svg" in shown(cell)]
    assert len(drawn) >= 4
    for cell in drawn:
        for label in re.findall(r'<svg role="img" aria-label="([^"]*)"', shown(cell)):
            assert len(html.unescape(label).split()) >= 5


# --- what the notebooks define themselves


def defined(name, **names):
    """The functions of a notebook."""
    for cell in code(nbformat.read(ROOT / "book" / "gpu" / f"{name}.ipynb", as_version=4)):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef):
                exec(ast.unparse(node), names)
    return names


def test_an_object_is_hit_by_a_box_of_its_class_that_fits():
    from course_pkg import detection

    hits = defined("yolo", detection=detection)["hits"]
    box = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 4], [20, 20, 30, 30]])
    two = {"boxes": box[[0, 2]], "labels": torch.tensor([1, 1])}
    truth = two | {"difficult": torch.tensor([False, False])}
    assert hits({"boxes": box[:1], "labels": torch.tensor([1])}, truth).tolist() == [True, False]
    assert hits({"boxes": box[:1], "labels": torch.tensor([0])}, truth).tolist() == [False, False]
    assert hits({"boxes": box[1:2], "labels": torch.tensor([1])}, truth).tolist() == [False, False]
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    assert hits(nothing, truth).tolist() == [False, False]
    assert hits(two, nothing | {"difficult": torch.zeros(0, dtype=torch.bool)}).tolist() == []
    assert hits(two, two | {"difficult": torch.tensor([True, False])}).tolist() == [True]


def test_each_picture_has_a_quality_of_its_own():
    from course_pkg.training import segmentation_metrics as metrics

    quality = defined("segmentation", torch=torch, metrics=metrics, names=["background", "a", "b"])["quality"]
    masks = torch.tensor([[[0, 1], [1, 255]], [[0, 0], [2, 2]]])
    scores = torch.nn.functional.one_hot(torch.tensor([[[0, 1], [1, 2]], [[0, 0], [0, 2]]]), 3)
    each = quality(scores.permute(0, 3, 1, 2).float(), masks)
    assert each.tolist() == pytest.approx([1, (2 / 3 + 1 / 2) / 2])


# --- what they draw with


def test_the_notice_is_plain_text_in_a_box():
    drawn = full.Notice("2 < 3", "a & b <script>, `make`")._repr_html_()
    assert "<code>make</code>" in drawn
    assert "2 &lt; 3" in drawn
    assert "a &amp; b &lt;script&gt;" in drawn
    assert full.notice("full", "vgg") is None
    assert "train vgg" in full.notice("smoke", "vgg").text


CARD = {
    "profile": "full", "set": "cifar10", "seed": 3, "hardware": "a GPU", "torch": "2.13.0",
    "wall_seconds": 59.6, "images_per_second": None, "peak_memory_bytes": 123_000_000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "value", "what", "text"),
    [
        ("wall_seconds", 59.4, "wall time", "59 s"),
        ("wall_seconds", 59.6, "wall time", "1 min 0 s"),
        ("wall_seconds", 3600, "wall time", "60 min 0 s"),
        ("images_per_second", None, "throughput", "not known"),
        ("images_per_second", 12345.6, "throughput", "12,346 images a second"),
        ("peak_memory_bytes", 123_000_000, "peak memory", "0.1 GB"),
        ("seed", 3, "seed", "3"),
    ],
)
def test_a_record_is_in_units_that_people_read(entry, value, what, text):
    assert full.record(CARD | {entry: value})[what] == text


RUN = {"loss": [np.nan, 2, 1], "learning_rate": [0, 1, 0], "error": [0.9, 0.5, 0.25]}


def test_learning_curves_are_drawn_as_they_are():
    above, below = full.learning_curves([0, 10, 20], RUN, "share wrong").drawing.axes
    [loss], [error] = above.lines, below.lines
    np.testing.assert_array_equal(loss.get_xydata(), [[10, 2], [20, 1]])
    np.testing.assert_array_equal(error.get_xydata(), [[0, 0.9], [10, 0.5], [20, 0.25]])
    assert below.get_ylabel() == "share wrong"


@pytest.mark.parametrize(
    ("steps", "changes", "says"),
    [
        ([0, 10], {}, "loss.*got 3 values, expected 2"),
        ([0, 10, 20], {"error": [1, 2]}, "error.*got 2 values, expected 3"),
        ([0, 10, 20], {"a": [1] * 3, "b": [1] * 3, "c": [1] * 3}, "one to three"),
    ],
)
def test_curves_that_make_no_sense_are_named(steps, changes, says):
    with pytest.raises(ValueError, match=says):
        full.learning_curves(steps, RUN | changes, "share wrong")


def test_a_run_without_figures_is_named():
    with pytest.raises(ValueError, match="metrics: got loss, expected loss and one to three"):
        full.learning_curves([0, 10, 20], {"loss": RUN["loss"]}, "share wrong")


def test_a_profile_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="profile: got 'quick', expected one of 'full', 'smoke'"):
        full.notice("quick", "vgg")


def test_a_table_of_confusions_carries_the_names_of_the_classes():
    [axes] = training.confusion([[9, 1], [0, 8]], names=["cat", "dog"], alt=ALT).drawing.axes
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cat", "dog"]
    with pytest.raises(ValueError, match="names: got 3, expected 2"):
        training.confusion([[9, 1], [0, 8]], names=["cat", "dog", "cup"], alt=ALT)


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(full).failed == 0
    assert doctest.testmod(full).attempted >= 2
