"""Scenes as networks take them, and measures that are 1 for networks that know the truth."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from course_pkg.data.scenes import Rules, digit_scenes
from course_pkg.detection import decode_predictions, encode_targets
from course_pkg.models import YOLO, DeconvNet, UNet
from course_pkg.training import recipes
from course_pkg.training.experiments import EXPERIMENTS
from course_pkg.training.scene_batches import (
    classification_batches,
    detection_batches,
    measure_detector,
    measure_segmenter,
    pixel_loss,
    segmentation_batches,
    start_head,
    start_scores,
)

FAR_APART = Rules(objects=(1, 2), scale=(0.3, 0.4), overlap=0.0, least_visible=1.0, cut=0.0)


class Oracle(nn.Module):
    """Knows the answers of a sequence of images, which it is asked about in order."""

    def __init__(self, answers):
        super().__init__()
        self.answers, self.at = answers, 0
        self.register_parameter("nothing", nn.Parameter(torch.zeros(1)))

    def forward(self, x):
        self.at += len(x)
        return self.answers[self.at - len(x) : self.at]


@pytest.fixture(scope="module")
def scenes():
    return digit_scenes("test", 64, count=70, rules=FAR_APART)


def grids(scenes):
    batch = scenes.batch(range(len(scenes)))
    there = [
        {"boxes": torch.tensor(boxes), "labels": torch.tensor(labels)}
        for boxes, labels in zip(batch.boxes, batch.labels, strict=True)
    ]
    return encode_targets(there, 64, grid=7, boxes=2, classes=10)


def test_detection_batches_hold_the_boxes(scenes):
    source = detection_batches(scenes, 10, seed=2)
    order = source.order(0)[:10]
    x, y = next(source.epoch(0))
    for image, found, i in zip(x, decode_predictions(y, 64, score_threshold=0.5), order, strict=True):
        scene = scenes[int(i)]
        assert torch.equal(image, torch.tensor(scene.image))
        boxes = {tuple(box) for box in found["boxes"].round(decimals=2).tolist()}
        assert boxes <= {tuple(box) for box in scene.boxes.tolist()}
        assert boxes, "no box at all"


def test_segmentation_and_classification_batches_hold_the_truth(scenes):
    source = segmentation_batches(scenes, 10, seed=2)
    x, y = next(source.epoch(1))
    first = scenes[int(source.order(1)[0])]
    assert torch.equal(x[0], torch.tensor(first.image))
    np.testing.assert_array_equal(y[0], first.mask)
    one = digit_scenes("train", 32, count=40, rules=recipes.ONE_DIGIT)
    source = classification_batches(one, 40)
    _, y = next(source.epoch(0))
    assert y.tolist() == [int(one[int(i)].labels[0]) for i in source.order(0)]


def test_who_knows_all_boxes_has_full_marks(scenes):
    perfect, lost = grids(scenes), grids(scenes)
    # two objects in one cell: one of them cannot be told
    assert measure_detector(Oracle(perfect), scenes)["map_voc10"] > 0.97
    lost[:35] = 0
    assert 0.3 < measure_detector(Oracle(lost), scenes)["map_voc10"] < 0.7
    assert measure_detector(Oracle(torch.zeros_like(perfect)), scenes)["map_voc10"] == 0


def test_what_is_difficult_need_not_be_found():
    all_hard = replace(FAR_APART, cut=0.5, least_visible=0.3, difficult=0.8)
    scenes = digit_scenes("test", 64, count=60, rules=all_hard)
    batch = scenes.batch(range(60))
    assert sum(int(hard.sum()) for hard in batch.difficult) > 5
    knows = grids(scenes)
    for i, (boxes, hard) in enumerate(zip(batch.boxes, batch.difficult, strict=True)):
        for box in boxes[hard]:
            column, row = ((box[:2] + box[2:]) / 2 * 7 / 64).astype(int)
            knows[i, row, column] = 0  # leaves the difficult ones out
    assert measure_detector(Oracle(knows), scenes)["map_voc10"] > 0.95


def test_who_knows_all_pixels_has_full_marks(scenes):
    masks = torch.tensor(scenes.batch(range(70)).masks.astype(int))
    scores = nn.functional.one_hot(masks, 11).permute(0, 3, 1, 2).float()
    assert measure_segmenter(Oracle(scores), scenes) == {"mean_iou": 1.0, "pixel_accuracy": 1.0}
    nothing = torch.zeros_like(scores)
    nothing[:, 0] = 1
    background = float((masks == 0).double().mean())
    found = measure_segmenter(Oracle(nothing), scenes)
    assert found["pixel_accuracy"] == pytest.approx(background)
    assert found["mean_iou"] == pytest.approx(background / 11)


def test_pixels_that_do_not_count_and_those_that_count_less():
    scores = torch.randn(2, 4, 3, 5)
    masks = torch.randint(0, 4, (2, 3, 5))
    masks[0, 0] = 255
    each = nn.functional.cross_entropy(scores, masks.clamp(max=3), reduction="none")
    weight = torch.where(masks == 0, 0.3, 1.0) * (masks != 255)
    torch.testing.assert_close(
        pixel_loss(scores, masks, background=0.3), (weight * each).sum() / weight.sum()
    )


def test_the_head_starts_near_sensible_boxes():
    torch.manual_seed(0)
    net, images = YOLO.small(classes=10).eval(), torch.rand(2, 3, 112, 112)
    with torch.no_grad():
        before = net(images)  # its biases are 0
        start_head(net)
        after = net(images)
    wanted = torch.tensor(2 * [0.5, 0.5, 0.3, 0.3, 0.0] + 10 * [0.0])
    torch.testing.assert_close(after, wanted + 0.1 * before)


@pytest.mark.parametrize("kind", [DeconvNet, UNet])
def test_scores_start_at_background(kind):
    torch.manual_seed(0)
    net, images = kind.small(classes=11).eval(), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        before = net(images)
        start_scores(net)
        after = net(images)
    torch.testing.assert_close(after[:, 1:], before[:, 1:])
    torch.testing.assert_close(after[:, 0], before[:, 0] + 3)


def test_one_digit_first_changes_what_sees_and_nothing_else():
    torch.manual_seed(0)
    net = DeconvNet.small(classes=11)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    recipes.one_digit_first(net, seed=0, share=0.002)
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in changed} == {"encoder", "middle"}
    assert not any(name.startswith(("middle.6", "middle.7")) for name in changed), "deconv-fc6"
    assert {"encoder.0.0.weight", "middle.3.weight"} <= changed


def test_embedded_data_are_what_the_cards_say():
    """The hash that a card tells does not depend on when it is taken."""
    task = EXPERIMENTS["small_deconvnet"].task("small_deconvnet")
    again = EXPERIMENTS["small_deconvnet"].task("small_deconvnet")
    assert task.data_sha256 == again.data_sha256 != EXPERIMENTS["small_yolo"].task("small_yolo").data_sha256
