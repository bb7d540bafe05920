"""The chapter on segmentation: its loops are what they say, its figures draw what they are given."""

import doctest
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from course_pkg import ops
from course_pkg.models import DeconvNet
from course_pkg.plots import segmentation
from course_pkg.training.segmentation_metrics import class_iou, confusion_matrix

CHAPTER = Path(__file__).parents[2] / "book" / "networks" / "segmentation.ipynb"
TAUGHT = ["confusion-loop", "iou-code", "corners", "near", "forward", "compose", "compose-loop", "dice-code"]
NAMES = ["background", "cat", "dog"]
ALT = "A sentence that says what is seen."


@cache
def chapter():
    """The functions that the chapter defines, from the cells that the reader sees."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    defined = {"np": np, "torch": torch, "F": torch.nn.functional}
    defined |= {
        "t": np.zeros((1, 1), int),
        "g": np.zeros((1, 1), int),
    }  # what the cell of confusion calls it on
    for name in TAUGHT:
        exec(cells[name], defined)
    return defined


def random_masks(seed, classes=4, shape=(3, 8, 9)):
    return np.random.default_rng(seed).integers(classes, size=(2, *shape))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 6))
def test_the_confusion_loop_and_iou_are_the_packages(seed, classes):
    truth, guess = random_masks(seed, classes)
    matrix = chapter()["confusion"](truth, guess, classes)
    theirs = confusion_matrix(torch.tensor(guess), torch.tensor(truth), classes)
    np.testing.assert_array_equal(matrix, theirs)
    np.testing.assert_allclose(chapter()["iou"](matrix), class_iou(theirs), atol=1e-12)


def test_corners_are_the_first_pixels_of_the_same_blocks():
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 10))
    _, where = ops.max_pool2d(x, 2, return_indices=True)
    expected = (np.arange(0, 6, 2)[:, None] * 10 + np.arange(0, 10, 2)) * np.ones((2, 3, 1, 1), int)
    np.testing.assert_array_equal(chapter()["corner"](where), expected)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_near_is_what_a_search_around_each_pixel_finds(k):
    truth = (random_masks(2, classes=2, shape=(2, 12, 11))[0] == 0).cumsum(axis=2) // 6
    found = chapter()["near"](torch.tensor(truth), k)
    for i, m, n in np.ndindex(truth.shape):
        around = truth[i, max(m - k, 0) : m + k + 1, max(n - k, 0) : n + k + 1]
        assert found[i, m, n] == (around != truth[i, m, n]).any()


def test_the_forward_pass_written_out_is_the_networks():
    torch.manual_seed(0)
    net, x = DeconvNet.small(classes=3).eval(), torch.randn(2, 3, 24, 32)
    with torch.no_grad():
        assert torch.equal(chapter()["run"](net, x), net(x))
        assert not torch.allclose(chapter()["run"](net, x, forget=True), net(x))


def random_probabilities(seed, classes=4, shape=(12, 13)):
    scores = np.random.default_rng(seed).normal(size=(classes, *shape)) * 2
    return np.exp(scores) / np.exp(scores).sum(axis=0)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_composing_labels_only_objects_and_only_with_some_probability(seed):
    p = random_probabilities(seed)
    mask = chapter()["compose"](p, low=0.2, least=3)
    rows, columns = np.nonzero(mask)
    assert (p[0][mask > 0] < 0.5).all()
    assert (p[mask[mask > 0], rows, columns] >= 0.2).all()
    most = max(range(1, 4), key=lambda c: p[c][p[0] < 0.5].sum())  # the first class takes whole parts
    parts, count = label((p[0] < 0.5) & (p[most] >= 0.2))
    for part in range(1, count + 1):
        taken = mask[parts == part] == most
        assert taken.all() or not taken.any()


def test_with_nothing_to_grow_into_the_composition_is_the_most_probable_class():
    p = random_probabilities(3)
    mask = chapter()["compose"](p, low=0.5, least=0)  # above one half: nobody else can lead there
    expected = np.where(p[1:].max(axis=0) >= 0.5, p[1:].argmax(axis=0) + 1, 0)
    np.testing.assert_array_equal(mask, expected)


def test_thin_evidence_ends_the_composition():
    p = np.zeros((3, 4, 4))
    p[0], p[1, :2], p[2, 3, 3] = 1, 1, 0.9
    p[0, :2], p[0, 3, 3] = 0, 0.1
    assert chapter()["compose"](p, least=1)[3, 3] == 0
    assert chapter()["compose"](p, least=0.5)[3, 3] == 2


def test_maps_name_each_region_once_on_one_of_its_pixels():
    mask = np.zeros((40, 40), int)
    mask[2:12, 2:12], mask[20:38, 5:9], mask[20:38, 9:14], mask[0, 39] = 1, 1, 2, 2
    figure = segmentation.maps(("truth", mask), names=NAMES, alt=ALT).drawing
    written = [(text.get_text(), text.get_position()) for text in figure.axes[0].texts]
    assert sorted(name for name, _ in written) == ["cat", "cat", "dog"]  # one pixel is too few for a name
    for name, (column, row) in written:
        assert mask[int(row), int(column)] == NAMES.index(name)


def test_maps_draw_photographs_probabilities_and_classes_apart():
    mask = np.array([[0, 1], [2, 255]])
    photo, p = np.zeros((3, 2, 2)), np.full((2, 2), 0.5)
    figure = segmentation.maps(("a", photo), ("b", p), ("c", mask), names=NAMES, alt=ALT).drawing
    drawn = [axes.images[0].get_array() for axes in figure.axes]
    assert [each.shape for each in drawn] == [(2, 2, 3), (2, 2), (2, 2, 4)]
    assert drawn[2][1, 1, 3] == 0 < drawn[2][0, 0, 3] < drawn[2][0, 1, 3]  # void, background, an object


def test_class_scores_draw_the_mean():
    figure = segmentation.class_scores({"a": [0.2, 0.6], "b": [1, 0]}, NAMES[1:], xlabel="IoU", alt=ALT)
    marks, mean, others, other_mean = figure.drawing.axes[0].lines
    np.testing.assert_array_equal(marks.get_xdata(), [0.2, 0.6])
    np.testing.assert_allclose([mean.get_xdata()[0], other_mean.get_xdata()[0]], [0.4, 0.5])
    np.testing.assert_array_equal(others.get_xdata(), [1, 0])


def test_the_explorer_is_given_every_pixel():
    p = random_probabilities(5, classes=3, shape=(4, 6))
    truth = np.random.default_rng(1).integers(3, size=(4, 6))
    truth[0, 0] = 255
    image = np.random.default_rng(2).random((3, 4, 6))
    one = segmentation.Segmented(image, truth, p)
    explorer = segmentation.mask_explorer({"one": one}, NAMES, threshold=30, row=3, column=5)
    picture = explorer.settings["pictures"]["one"]
    assert picture["truth"] == "-" + "".join(str(c) for c in truth.ravel()[1:])
    assert picture["likely"] == "".join(str(c) for c in (p[1:].argmax(axis=0) + 1).ravel())
    decided = np.where(np.rint(100 * (1 - p[0])) >= 30, p[1:].argmax(axis=0) + 1, 0)
    right = (decided == truth)[truth != 255].mean()
    assert f"right at {right:.0%}" in explorer.still.alt


PICTURE = segmentation.Segmented(np.zeros((3, 2, 2)), np.zeros((2, 2), int), np.full((3, 2, 2), 1 / 3))


def explorer(picture=PICTURE, names=NAMES, threshold=50, row=0, column=0):
    return segmentation.mask_explorer({"one": picture}, names, threshold=threshold, row=row, column=column)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: segmentation.maps(names=NAMES, alt=ALT), ValueError, "panels: got none"),
        (lambda: segmentation.maps(("m", [[3]]), names=NAMES, alt=ALT), ValueError, r"m: got classes \[3\]"),
        (lambda: segmentation.maps(("m", [1, 2]), names=NAMES, alt=ALT), ValueError, "m: "),
        (
            lambda: segmentation.maps(("m", np.zeros((2, 3, 3))), names=NAMES, alt=ALT),
            ValueError,
            "m: got sh",
        ),
        (lambda: segmentation.class_scores({}, NAMES, xlabel="x", alt=ALT), ValueError, "got 0 networks"),
        (
            lambda: segmentation.class_scores({"a": [1, 2, 0]}, NAMES, xlabel="x", alt=ALT),
            ValueError,
            r"scores\['a'\]: got",
        ),
        (lambda: explorer(threshold=0), ValueError, "threshold: got 0"),
        (lambda: explorer(row=2), ValueError, "row: got 2, expected 0 to 1"),
        (lambda: explorer(column=1.5), TypeError, "column: got float 1.5"),
        (lambda: explorer(PICTURE._replace(truth=np.zeros((2, 3), int))), ValueError, "one: got shapes"),
        (lambda: explorer(PICTURE._replace(image=np.zeros((3, 2, 4)))), ValueError, "one: got an image of"),
        (lambda: explorer(names=["background"]), ValueError, "pictures, names: got 1 and 1"),
    ],
)
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_docstring_examples():
    failed, tried = doctest.testmod(segmentation)
    assert tried
    assert not failed
