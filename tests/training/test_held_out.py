"""Networks asked about held-out examples: in order, all of them, and as the measures ask."""

import doctest
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from course_pkg.data.scenes import digit_scenes
from course_pkg.detection import mean_average_precision
from course_pkg.models import YOLO
from course_pkg.training import held_out
from course_pkg.training.experiments import trained
from course_pkg.training.held_out import HeldOut, answers, class_probabilities, detections
from course_pkg.training.metrics import error_rate, top_k_error
from course_pkg.training.scene_batches import measure_detector

ROOT = Path(__file__).parents[2]
X = torch.randn(123, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(123) % 3
EXAMPLES = HeldOut(("a", "b", "c"), 123, lambda which: (X[which], Y[which]))


@pytest.mark.parametrize(("count", "expected"), [(None, 123), (7, 7), (50, 50), (1000, 123)])
def test_asks_for_each_example_once_in_order(count, expected):
    seen = [(answer, truth) for answer, truth in answers(nn.Identity(), EXAMPLES, count)]
    assert torch.equal(torch.cat([answer for answer, _ in seen]), X[:expected])
    assert torch.equal(torch.cat([truth for _, truth in seen]), Y[:expected])


def test_keeps_no_gradient():
    net = nn.Linear(4, 3)
    assert not any(answer.requires_grad for answer, _ in answers(net, EXAMPLES))


def test_probabilities_are_those_of_the_whole_set_and_give_its_error():
    net = nn.Linear(4, 3)
    likely, truth = class_probabilities(net, EXAMPLES)
    torch.testing.assert_close(likely, net(X).softmax(dim=1).detach())
    assert torch.equal(truth, Y)
    assert top_k_error(likely, truth, 1) == error_rate(net, X, Y)


def test_detections_have_the_map_that_the_detector_is_measured_by():
    scenes = digit_scenes("test", 112, count=60)

    def read(which):
        batch = scenes.batch(which.tolist())
        parts = zip(batch.boxes, batch.labels, batch.difficult, strict=True)
        names = ("boxes", "labels", "difficult")
        truth = [dict(zip(names, map(torch.from_numpy, part), strict=True)) for part in parts]
        return torch.from_numpy(batch.images), truth

    net, _, _ = trained("small_yolo", "small_yolo", ROOT / "book" / "results")
    found, there = detections(net, HeldOut(scenes.classes, len(scenes), read))
    assert len(found) == len(there) == 60
    measured = measure_detector(net, scenes)
    assert measured["map_voc10"] > 0.5
    for method in ("voc07", "voc10"):
        assert mean_average_precision(found, there, method=method) == measured[f"map_{method}"]


def test_a_higher_threshold_leaves_out_boxes_with_lower_scores():
    net, images = YOLO.small(grid=2, classes=2).eval(), torch.rand(3, 3, 32, 32)
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    examples = HeldOut(("a", "b"), 3, lambda which: (images[which], [nothing] * len(which)))
    few, _ = detections(net, examples, score_threshold=0.3)
    many, _ = detections(net, examples, score_threshold=0.01)
    assert sum(len(one["scores"]) for one in few) < sum(len(one["scores"]) for one in many)
    assert all((one["scores"] > 0.3).all() for one in few)


def test_examples_are_asked_for_by_their_numbers_as_an_array():
    asked = []
    noted = replace(EXAMPLES, read=lambda which: asked.append(which) or (X[which], 0))
    list(answers(nn.Identity(), noted))
    assert all(which.dtype == np.int64 for which in asked)
    np.testing.assert_array_equal(np.concatenate(asked), np.arange(123))


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(held_out).failed == 0
    assert doctest.testmod(held_out).attempted >= 4
