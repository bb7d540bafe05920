"""What the chapter on detection writes itself equals the package; its figures draw what they are given."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from course_pkg import detection
from course_pkg.plots import detection as draw
from course_pkg.plots import detection_explorers as explore
from course_pkg.plots.figure import KERNEL, OUTPUT

ALT = "Some boxes in a grey picture."
GREY = np.full((3, 16, 24), 0.5)
CHAPTER = Path(__file__).parents[2] / "book" / "networks" / "yolo.ipynb"


@pytest.fixture(scope="module")
def chapter():
    """The functions that the chapter defines, by name."""
    names = {"np": np, "torch": torch, "detection": detection}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.cell_type == "code":
            functions = [part for part in ast.parse(cell.source).body if isinstance(part, ast.FunctionDef)]
            exec(compile(ast.Module(functions, type_ignores=[]), "chapter", "exec"), names)
    return names


def boxes_at_random(rng, n, size=64):
    corners = rng.uniform(0, size, (n, 2, 2))
    corners.sort(axis=1)
    return torch.from_numpy(corners.reshape(n, 4)).float()


@pytest.mark.parametrize("seed", range(5))
def test_iou_and_suppression_of_the_chapter_are_those_of_the_package(chapter, seed):
    rng = np.random.default_rng(seed)
    boxes, scores = boxes_at_random(rng, 25), torch.from_numpy(rng.uniform(size=25))
    for i, a in enumerate(boxes.tolist()):
        ours = [chapter["iou"](a, b) for b in boxes.tolist()]
        np.testing.assert_allclose(ours, detection.box_iou(boxes, boxes)[i], atol=1e-5)
    limit = rng.uniform(0.05, 0.6)
    kept = chapter["suppress"](boxes.double().tolist(), scores.tolist(), limit)
    assert kept == detection.nms(boxes.double(), scores, limit).tolist()


@pytest.mark.parametrize("S", [1, 3, 7])
def test_encoding_and_decoding_of_the_chapter_are_those_of_the_package(chapter, S):
    rng = np.random.default_rng(S)
    for _ in range(10):
        one = {"boxes": boxes_at_random(rng, 1), "labels": torch.from_numpy(rng.integers(0, 4, 1))}
        ours = chapter["encode"](one["boxes"], one["labels"], 64, S, 2, 4)
        [theirs] = detection.encode_targets([one], 64, grid=S, boxes=2, classes=4)
        assert torch.allclose(ours, theirs, atol=1e-5)
    predictions = torch.from_numpy(rng.normal(0.3, 0.4, (S, S, 14))).float()
    edges, scores = chapter["decode"](predictions, S=S, B=2, size=64)
    [theirs] = detection.decode_predictions(predictions[None], 64, score_threshold=0.05)
    where = (scores > 0.05).nonzero()
    order = scores[*where.T].argsort(descending=True, stable=True)
    assert torch.allclose(scores[*where.T][order], theirs["scores"])
    assert torch.allclose(edges[*where[order, :3].T], theirs["boxes"], atol=1e-4)
    assert torch.equal(where[order, 3], theirs["labels"])


def test_the_verdicts_of_the_chapter(chapter):
    there = {"boxes": torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30]]), "labels": torch.tensor([1, 2])}
    said = [
        ([0, 0, 10, 9], 1, "right"),
        ([0, 0, 9, 10], 1, "duplicate"),
        ([20, 20, 30, 30], 1, "wrong class"),
        ([26, 20, 36, 30], 2, "badly placed"),
        ([50, 50, 60, 60], 2, "background"),
        ([20, 20, 30, 29], 2, "right"),
    ]
    taken = []
    for box, label, verdict in said:
        assert chapter["verdict"](torch.tensor(box).float(), label, there, taken) == verdict
    assert set(taken) == {0, 1}


def test_the_area_of_the_chapter_and_its_soft_suppression(chapter):
    rng = np.random.default_rng(0)
    for _ in range(50):
        hits = rng.integers(0, 2, rng.integers(1, 12))
        recall, precision = hits.cumsum() / (hits.sum() + 1), hits.cumsum() / np.arange(1, len(hits) + 1)
        ap = detection.average_precision(torch.tensor(recall), torch.tensor(precision), "voc10")
        assert chapter["area_under"](recall, precision) == pytest.approx(ap)
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 10]])
    one = {"boxes": boxes, "scores": torch.tensor([0.9, 0.5, 0.8]), "labels": torch.tensor([1, 1, 0])}
    assert torch.allclose(chapter["soft"](one)["scores"], torch.tensor([0.9, 0.5 * 0.2, 0.8]))
    assert torch.equal(one["scores"], torch.tensor([0.9, 0.5, 0.8]))


def test_examples_run():
    assert doctest.testmod(draw).failed == doctest.testmod(explore).failed == 0


def test_the_figures_need_no_torch():
    code = "import course_pkg.plots.detection_explorers, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_scenes_draw_boxes_grid_and_cells():
    marks = [draw.Mark([2, 3, 10, 9], "output", "seven"), draw.Mark([0, 0, 4, 4], "kernel", width=0.5)]
    panel = draw.Panel("a title", GREY, marks, grid=4, cells={(1, 2): "x"})
    [axes] = draw.scenes(panel, columns=1, alt=ALT).drawing.axes
    assert [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in axes.patches] == [
        (2, 3, 8, 6),
        (0, 0, 4, 4),
    ]
    assert [p.get_edgecolor()[:3] for p in axes.patches] == [to_rgb(OUTPUT), to_rgb(KERNEL)]
    assert len(axes.get_lines()) == 2 * 3
    texts = {t.get_text(): t.get_position() for t in axes.texts}
    assert texts["x"] == (2.5 * 24 / 4, 1.5 * 16 / 4)
    assert texts["seven"] == (2, 3)
    assert axes.get_ylim() == (16, 0)


def test_overlap_shades_what_two_boxes_share():
    [axes] = draw.overlap([1, 1, 5, 5], [3, 2, 7, 4], alt=ALT).drawing.axes
    shaded = [p for p in axes.patches if p.get_facecolor()[:3] == to_rgb(OUTPUT) and p.get_facecolor()[3]]
    assert [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in shaded] == [(3, 2, 2, 2)]
    [axes] = draw.overlap([1, 1, 2, 2], [3, 2, 7, 4], alt=ALT).drawing.axes
    assert not [p for p in axes.patches if p.get_facecolor()[:3] == to_rgb(OUTPUT)]


def test_precision_recall_draws_the_staircase_and_its_points():
    recall, precision = [0.25, 0.25, 0.5], [1.0, 0.5, 2 / 3]
    [axes] = draw.precision_recall({"five": (recall, precision)}, points=3, alt=ALT).drawing.axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
    np.testing.assert_allclose(drawn["measured"], np.column_stack([recall, precision]))
    np.testing.assert_allclose(drawn["at 3 recalls"], [[0, 1], [0.5, 2 / 3], [1, 0]])
    np.testing.assert_allclose(drawn["best from here on"], [[0, 1], [0.25, 1], [0.25, 2 / 3], [0.5, 2 / 3]])


def test_explorers_carry_what_they_are_given():
    figure = explore.iou_explorer(GREY, [0, 0, 8, 8], [4, 0, 12, 8], iou=1 / 3)
    assert figure.settings["boxes"] == {"A": [0, 0, 8, 8], "B": [4, 0, 12, 8]}
    assert (figure.settings["width"], figure.settings["height"]) == (24, 16)
    assert figure.settings["image"].startswith("data:image/png;base64,")
    assert "IoU 0.33" in figure.still.alt
    one = explore.Candidates(GREY, np.array([[0, 0, 8.123, 8]]), np.array([0.56789]), np.array([1]), [])
    figure = explore.nms_explorer({"one": one}, "ab", score_percent=30, iou_percent=50)
    assert figure.settings["scenes"][0]["boxes"] == [[0, 0, 8.12, 8]]
    assert figure.settings["scenes"][0]["scores"] == [0.5679]
    assert "none of which is left" in figure.still.alt


def nms(boxes, scores, labels, image=GREY, percent=50, **more):
    one = explore.Candidates(image, boxes, scores, labels, [0])
    return explore.nms_explorer({"one": one, **more}, "ab", score_percent=30, iou_percent=percent)


@pytest.mark.parametrize(
    ("error", "says", "make"),
    [
        (ValueError, "panels", lambda: draw.scenes(alt=ALT)),
        (ValueError, "'a'.*3, H, W", lambda: draw.scenes(draw.Panel("a", GREY[:2]), alt=ALT)),
        (ValueError, "box.*4", lambda: draw.scenes(draw.Panel("a", GREY, [draw.Mark([1, 2, 3])]), alt=ALT)),
        (
            ValueError,
            "role",
            lambda: draw.scenes(draw.Panel("a", GREY, [draw.Mark([1, 2, 3, 4], "red")]), alt=ALT),
        ),
        (
            ValueError,
            r"cells: got \(2, 0\)",
            lambda: draw.scenes(draw.Panel("a", GREY, grid=2, cells={(2, 0): "x"}), alt=ALT),
        ),
        (ValueError, "a: got", lambda: draw.overlap([1, 2], [1, 2, 3, 4], alt=ALT)),
        (ValueError, "curves", lambda: draw.precision_recall({}, alt=ALT)),
        (ValueError, "'c'", lambda: draw.precision_recall({"c": ([0.5, 1], [1])}, alt=ALT)),
        (ValueError, "'c'", lambda: draw.precision_recall({"c": ([0.5], [1.5])}, alt=ALT)),
        (ValueError, "whole pixels", lambda: explore.iou_explorer(GREY, [0, 0, 1.5, 2], [0, 0, 2, 2], iou=0)),
        (ValueError, "24 × 16", lambda: explore.iou_explorer(GREY, [0, 0, 2, 2], [0, 0, 25, 2], iou=0)),
        (ValueError, "candidates", lambda: explore.nms_explorer({}, "ab", score_percent=1, iou_percent=1)),
        (ValueError, "boxes of 'one'", lambda: nms([[0, 0, 1, 1]], [0.5, 0.4], [0, 0])),
        (ValueError, "labels of 'one'", lambda: nms([[0, 0, 1, 1]], [0.5], [2])),
        (ValueError, "iou_percent: got 101", lambda: nms([[0, 0, 1, 1]], [0.5], [1], percent=101)),
        (
            ValueError,
            "pictures",
            lambda: nms(
                [[0, 0, 1, 1]],
                [0.5],
                [1],
                two=explore.Candidates(GREY[:, :8], [[0, 0, 1, 1]], [0.5], [1], [0]),
            ),
        ),
    ],
)
def test_bad_input_is_named(error, says, make):
    with pytest.raises(error, match=says):
        make()
