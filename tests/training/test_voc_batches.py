"""Photographs of PASCAL VOC, cut out and brought to size: boxes and masks stay where the things are."""

import doctest

import numpy as np
import pytest
import torch
from PIL import Image

from course_pkg.data.voc import CLASSES, DetectionExample, Objects, voc_detection, voc_segmentation
from course_pkg.detection import decode_predictions
from course_pkg.training.full import run_full
from course_pkg.training.scene_batches import measure_detector, measure_segmenter
from course_pkg.training.scenes.device_batches import NO_CLASS
from course_pkg.training.voc import batches as voc_batches
from course_pkg.training.voc import parts as voc_parts
from course_pkg.training.voc.batches import (
    VOCPhotographs,
    voc_detection_batches,
    voc_object_batches,
    voc_segmentation_batches,
    voc_splits,
)
from course_pkg.training.voc.parts import see

COLOURS = {"cat": (250, 10, 10), "dog": (10, 250, 10)}
BOXES = {"cat": (31, 21, 90, 70), "dog": (101, 41, 150, 120)}  # the first and the last pixel, from 1 on


def annotation(difficult):
    objects = "".join(
        f"<object><name>{name}</name><difficult>{int(name in difficult)}</difficult><bndbox><xmin>{x0}</xmin>"
        f"<ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
        for name, (x0, y0, x1, y1) in BOXES.items()
    )
    return f"<annotation><size><width>200</width><height>150</height></size>{objects}</annotation>"


@pytest.fixture(scope="module", params=["VOC2012", "VOC2007"])
def folder(request, tmp_path_factory):
    """Photographs with a red cat and a green dog; in some the dog is difficult, in some both are."""
    root = tmp_path_factory.mktemp("voc") / request.param
    for name in ("Annotations", "JPEGImages", "SegmentationClass", "SegmentationObject", "ImageSets/Main",
                 "ImageSets/Segmentation"):  # fmt: skip
        (root / name).mkdir(parents=True)
    picture, mask = np.full((150, 200, 3), (10, 10, 250), np.uint8), np.zeros((150, 200), np.uint8)
    for name, (x0, y0, x1, y1) in BOXES.items():
        picture[y0 - 1 : y1, x0 - 1 : x1] = COLOURS[name]
        mask[y0 - 1 : y1, x0 - 1 : x1] = CLASSES.index(name) + 1
    names = [f"{i:06}" for i in range(6)]
    for i, name in enumerate(names):
        (root / "Annotations" / f"{name}.xml").write_text(
            annotation([(), ("dog",), ("cat", "dog")][i % 3]), encoding="utf-8"
        )
        Image.fromarray(picture).save(root / "JPEGImages" / f"{name}.jpg", quality=98, subsampling=0)
        for kind in ("SegmentationClass", "SegmentationObject"):
            Image.fromarray(mask).save(root / kind / f"{name}.png")
    learnt, tested = ("trainval", "test") if request.param == "VOC2007" else ("train", "val")
    for place in ("Main", "Segmentation"):
        for split, some in ((learnt, names[:4]), (tested, names[3:])):
            (root / "ImageSets" / place / f"{split}.txt").write_text("\n".join(some), encoding="utf-8")
    return root


def red(image):
    return (image[0] > 0.6) & (image[1] < 0.4)


def green(image):
    return (image[1] > 0.6) & (image[0] < 0.4)


def around(pixels):
    rows, columns = np.nonzero(np.asarray(pixels))
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_lists_to_train_and_to_test_on(folder):
    known = {"VOC2007": ("trainval", "test"), "VOC2012": ("train", "val")}
    assert voc_splits(folder) == voc_splits(folder.parent) == known[folder.name]


def test_whole_photographs_become_squares(folder):
    photographs = VOCPhotographs(voc_detection(folder, voc_splits(folder)[1]), 100)
    assert (len(photographs), photographs.classes) == (3, CLASSES)
    batch = photographs.batch([0, 1])
    assert batch.images.shape == (2, 3, 100, 100)
    assert batch.images.dtype == np.float32
    for image, boxes, labels in zip(batch.images, batch.boxes, batch.labels, strict=True):
        assert [CLASSES[label] for label in labels] == ["cat", "dog"]
        np.testing.assert_allclose(boxes[0], around(red(image)), atol=1.01)
        np.testing.assert_allclose(boxes[1], around(green(image)), atol=1.01)
        np.testing.assert_allclose(boxes[0], [15, 20 / 1.5, 45, 70 / 1.5], rtol=1e-5)
    assert [list(marks) for marks in batch.difficult] == [[False, False], [False, True]]
    assert (batch.masks == 255).all(), "what the pixels are is not told"


def test_parts_mirrored_or_not_keep_boxes_and_masks_on_the_things(folder):
    train, _ = voc_splits(folder)
    boxed, masked = voc_detection(folder, train)[0], voc_segmentation(folder, train)[0]
    part = (20.0, 15.0, 120.0, 140.0)
    for mirrored in (False, True):
        seen, other = (see(example, part, 80, mirrored) for example in (boxed, masked))
        np.testing.assert_array_equal(seen.image, other.image)
        image = seen.image / 255
        assert [CLASSES[label] for label in seen.labels] == ["cat"], "the dog's middle is outside"
        np.testing.assert_allclose(seen.boxes[0], around(red(image)), atol=1.01)
        for name, shown in (("cat", red(image)), ("dog", green(image))):
            differs = (other.mask == CLASSES.index(name) + 1) != shown
            assert differs.mean() < 0.02
        assert len(other.boxes) == 0
        assert (seen.mask == 255).all()
    left = see(boxed, (0, 0, 140, 150), 70).boxes[1]
    assert left.tolist() == pytest.approx([50, 40 / 150 * 70, 70, 120 / 150 * 70]), "boxes end at the edge"


def test_detection_batches_hold_what_is_not_difficult(folder):
    source = voc_detection_batches(folder, voc_splits(folder)[0], 112, batch_size=4, seed=3)
    x, y = next(source.epoch(0))
    assert (x.dtype, x.shape, y.shape) == (torch.uint8, (4, 3, 112, 112), (4, 7, 7, 30))
    told = decode_predictions(y, 112, score_threshold=0.5, iou_threshold=0.5)
    for image, found, number in zip(x / 255, told, source.order(0), strict=True):
        known = {CLASSES[label]: box for label, box in zip(found["labels"], found["boxes"], strict=True)}
        clear = [{"cat", "dog"}, {"cat"}, set(), {"cat", "dog"}][number]
        assert known.keys() <= clear
        assert "cat" in known or "cat" not in clear, "a fifth at each edge leaves the cat's middle inside"
        for name, box in known.items():
            shown = red(image) if name == "cat" else green(image)
            np.testing.assert_allclose(box, around(shown), atol=1.6)
    again, _ = next(source.epoch(0))
    other, _ = next(source.epoch(1))
    assert torch.equal(x, again)
    assert not torch.equal(x[source.order(0).argsort()], other[source.order(1).argsort()])


def test_segmentation_batches_hold_the_masks(folder):
    x, y = next(voc_segmentation_batches(folder, voc_splits(folder)[0], 64, batch_size=3).epoch(0))
    assert (x.shape, y.shape, y.dtype) == ((3, 3, 64, 64), (3, 64, 64), torch.int64)
    for image, mask in zip(x / 255, y, strict=True):
        assert ((mask == CLASSES.index("cat") + 1) != red(image)).double().mean() < 0.02


def test_object_batches_name_one_object_that_is_not_difficult(folder):
    source = voc_object_batches(folder, voc_splits(folder)[0], 32, batch_size=4)
    named = set()
    for epoch in range(4):
        x, y = next(source.epoch(epoch))
        for image, label, number in zip(x / 255, y.tolist(), source.order(epoch) % 4, strict=True):
            if number == 2:
                assert label == NO_CLASS
                continue
            shown = {"cat": red, "dog": green}[CLASSES[label]](image)
            assert shown.double().mean() > 0.35, "it fills most of the image"
            assert number != 1 or CLASSES[label] == "cat"
            named.add(CLASSES[label])
    assert named == {"cat", "dog"}


def test_who_knows_the_truth_has_full_marks(folder):
    test = voc_splits(folder)[1]
    cells, scores = torch.zeros(3, 7, 7, 30), torch.zeros(3, 21, 56, 56)
    photographs = VOCPhotographs(voc_detection(folder, test), 112)
    batch = photographs.batch(range(3))
    for i, (boxes, labels, difficult) in enumerate(
        zip(batch.boxes, batch.labels, batch.difficult, strict=True)
    ):
        for box, label in zip(boxes[~difficult], labels[~difficult], strict=True):
            middle, size = (box[:2] + box[2:]) / 32, (box[2:] - box[:2]) / 112
            column, row = middle.astype(int)
            cells[i, row, column, :5] = torch.tensor([*(middle - (column, row)), *size, 1.0])
            cells[i, row, column, 10 + label] = 1

    class Knows(torch.nn.Module):
        def __init__(self, answer):
            super().__init__()
            self.answer = answer

        def forward(self, x):
            return self.answer

    assert measure_detector(Knows(cells), photographs)["map_voc10"] == 1
    cells[0, :, :, 10:] = 0  # of six objects, of which three are difficult, one cat and the dog are not found
    assert measure_detector(Knows(cells), photographs)["map_voc10"] < 0.6
    masked = VOCPhotographs(voc_segmentation(folder, test), 56)
    for i, mask in enumerate(masked.batch(range(3)).masks):
        scores[i].scatter_(0, torch.from_numpy(mask.astype(np.int64))[None], 1.0)
    assert measure_segmenter(Knows(scores), masked)["mean_iou"] == 1


@pytest.mark.parametrize("name", ["yolo", "deconvnet"])
def test_the_large_networks_train_on_them(folder, name, tmp_path):
    run = run_full(name, data="voc", profile="smoke", folder=folder, steps=2, out=tmp_path, progress=False)
    assert run.card["data"].startswith("PASCAL VOC")
    assert "brightness" in run.card["settings"]["augmentation"]
    assert run.history.metrics["loss"][-1] > 0
    assert 0 <= run.card["measured"][run.experiment.metric] <= 1


def test_an_example_without_objects():
    nothing = Objects(
        np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, bool), (30, 40)
    )
    seen = see(DetectionExample("a", np.zeros((3, 30, 40), np.float32), nothing), (0, 0, 40, 30), 16)
    assert (seen.boxes.shape, seen.labels.shape) == ((0, 4), (0,))


@pytest.mark.parametrize("module", [voc_batches, voc_parts])
def test_the_examples_in_the_docstrings_run(module):
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)
