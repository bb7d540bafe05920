"""YOLO and DeconvNet in full: settings that fit together, and the small version from end to end."""

import doctest

import pytest
import torch
from torch import nn

from course_pkg.data import registry
from course_pkg.data.registry import DataUnavailable
from course_pkg.training.full import full_experiment, run_full, scenes
from course_pkg.training.full.material import KINDS
from course_pkg.training.held_out import answers, detections


@pytest.mark.parametrize("name", ["yolo", "deconvnet"])
def test_in_full_the_network_is_the_papers_size(name):
    experiment = full_experiment(name, profile="full")
    side = scenes.RECIPES[name]["full"].side
    with torch.device("meta"):
        net = experiment.networks[name]()
        answer = net(torch.zeros(2, 3, side, side))
        first = net.classifier(7)(torch.zeros(2, 3, scenes.RECIPES[name]["full"].first_side, 224))
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    if name == "yolo":
        assert (side, len(convolutions) - 1, answer.shape) == (448, 24, (2, 7, 7, 17))
    else:
        assert (side, answer.shape) == (224, (2, 8, 224, 224))
        # the paper's with 8 classes in place of 21, which the last convolution tells apart by 64 maps
        assert sum(p.numel() for p in net.parameters()) == 251_805_653 - 13 * 65
    assert first.shape == (2, 7)
    assert (experiment.precision, experiment.channels_last) == ("bfloat16", True)
    assert "224" in experiment.first_in_words


@pytest.mark.parametrize("name", ["yolo", "deconvnet"])
def test_a_short_run_of_the_small_version(name, tmp_path):
    run = run_full(name, profile="smoke", steps=2, out=tmp_path, progress=False)
    assert run.card["profile"] == "smoke"
    assert "no scene twice" in run.card["data"]
    assert "a classifier of single objects" in run.card["settings"]["first"]
    assert 0 <= run.card["measured"][run.experiment.metric] <= 1
    assert run.history.metrics["loss"][-1] > 0
    task = run.experiment.task(name)
    assert (len(task.held_out.classes), task.held_out.count) == (10, 100)
    if name == "yolo":
        found, there = detections(run.model, task.held_out)
        assert len(found) == len(there) == 100
    else:
        answer, truth = next(answers(run.model, task.held_out, count=5))
        assert answer.shape == (5, 11, 64, 64)
        assert truth.shape == (5, 64, 64)


def test_what_sees_learns_to_classify_first():
    experiment = full_experiment("yolo", profile="smoke")
    torch.manual_seed(0)
    net = experiment.networks["yolo"]()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    experiment.first(net, 0, 0.1)
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in changed} == {"features"}


def test_missing_data_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataUnavailable, match="data fetch stamps"):
        run_full("yolo", data="stamps", profile="smoke", out=tmp_path)
    with pytest.raises(DataUnavailable, match="folder: got None, expected the folder where PASCAL VOC"):
        run_full("deconvnet", data="voc", profile="smoke", out=tmp_path)
    with pytest.raises(DataUnavailable, match="has no release of PASCAL VOC"):
        run_full("deconvnet", data="voc", profile="smoke", folder=tmp_path, out=tmp_path)
    with pytest.raises(ValueError, match="data: got 'coco', expected one of 'digits', 'stamps', 'voc'"):
        full_experiment("yolo", data="coco")


@pytest.mark.skipif(not registry.available("stamps"), reason="stamps are not fetched")
def test_stamps_make_batches_and_a_classifier_of_them():
    objects = KINDS["stamps"].objects(32, None)
    x, y = next(objects(8, 0).epoch(0))
    assert x.shape == (8, 3, 32, 32)
    assert y.max() < 7
    material = KINDS["stamps"].material("pixels", 32, 5, None)
    x, y = next(material.batches(4, 0).epoch(0))
    assert (x.shape, y.shape) == ((4, 3, 32, 32), (4, 32, 32))
    assert (len(material.tested), len(material.watched), material.tested.classes[1]) == (5, 1, "bird")


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(scenes).failed == 0
