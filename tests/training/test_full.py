"""Full runs, in small: the card, a run that was interrupted, what is refused, each set, the command line."""

import doctest
import importlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from course_pkg.__main__ import main
from course_pkg.data.registry import DataUnavailable
from course_pkg.models import VGG, AlexNet
from course_pkg.training.cards import load_weights
from course_pkg.training.full import NeedsGPU, classifiers, full_experiment, profile_here, run_full
from course_pkg.training.full.images import images
from course_pkg.training.loop import fit
from course_pkg.training.outcome import measure

NAMES = ("alexnet", "vgg")
full_run = importlib.import_module("course_pkg.training.full.run")


def same(one, other):
    pairs = zip(one.state_dict().items(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for (_, a), b in pairs)


class Interrupted(Exception):
    """Somebody pulled the plug."""


@pytest.fixture
def _few(monkeypatch):
    """AlexNet's small run, shorter still, tested on few of the digits."""

    def few(name, data, profile, folder):
        experiment = classifiers.experiment(name, data, profile, folder)
        task = experiment.task(name)
        test = task._replace(watch=lambda net: {}, measure=lambda net: {"test_error": 0.25})
        return replace(experiment, task=lambda network: test, batch_size=4, steps=6, records=3)

    monkeypatch.setitem(full_run.NETWORKS, "alexnet", few)


@pytest.mark.usefixtures("_few")
def test_a_run_leaves_weights_and_a_card(tmp_path):
    result = run_full("alexnet", profile="smoke", out=tmp_path, seed=3, progress=False)
    folder = tmp_path / "alexnet" / "smoke"
    assert sorted(file.name for file in folder.iterdir()) == ["digits.json", "digits.safetensors"]
    weights, card = load_weights(folder / "digits.safetensors")
    net = AlexNet.small()
    net.load_state_dict(weights)
    assert same(net, result.model)
    assert not result.model.training
    assert card.pop("weights_sha256")
    assert card == json.loads(json.dumps(result.card))
    about = {name: card[name] for name in ("experiment", "profile", "set", "seed", "metric", "measured")}
    assert about == {"experiment": "alexnet", "profile": "smoke", "set": "digits", "seed": 3,
                     "metric": "test_error", "measured": {"test_error": 0.25}}  # fmt: skip
    assert card["hardware"].startswith("CPU, ") == (profile_here() == "smoke")
    assert card["torch"] == torch.__version__
    assert card["settings"] == result.experiment.settings()
    assert card["curve"]["steps"] == result.history.steps.tolist() == [0, 2, 4, 6]
    assert min(card["images_per_second"], card["wall_seconds"]) > 0
    assert card["peak_memory_bytes"] > 1e6


@pytest.mark.usefixtures("_few")
def test_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    whole = run_full("alexnet", profile="smoke", out=tmp_path / "whole", progress=False)

    def stopping(model, batches, loss, **rest):
        calls = iter(range(5))

        def until(scores, y):
            if next(calls, None) is None:
                raise Interrupted
            return loss(scores, y)

        return fit(model, batches, until, **rest)

    experiment = importlib.import_module("course_pkg.training.experiment")
    monkeypatch.setattr(experiment, "fit", stopping)
    with pytest.raises(Interrupted):
        run_full("alexnet", profile="smoke", out=tmp_path / "parts", progress=False)
    folder = tmp_path / "parts/alexnet/smoke"
    left = {file.suffix: file for file in folder.iterdir()}
    assert set(left) == {".pt", ".json"}
    left[".json"].write_text(json.dumps({"whole": 1000.0, "training": 10.0}))  # so much it took before
    parts = run_full("alexnet", profile="smoke", out=tmp_path / "parts", progress=False)
    assert same(parts.model, whole.model)
    assert parts.card["curve"] == whole.card["curve"]
    assert parts.card["wall_seconds"] >= 1000, "both parts count"
    assert parts.card["images_per_second"] <= 24 / 10
    assert sorted(file.suffix for file in folder.iterdir()) == [".json", ".safetensors"]


def test_without_a_gpu_nothing_runs_in_full_by_accident(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert profile_here() == "smoke"
    for name in NAMES:
        with pytest.raises(NeedsGPU, match=rf"full on a CPU would take days: {name} .*--profile smoke"):
            run_full(name, profile="full", out=tmp_path)
    assert main(["train", "vgg", "--profile", "full", "--out", str(tmp_path)]) == 1
    assert "full on a CPU would take days" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataUnavailable, match="data fetch cifar10"):  # it would have begun
        run_full("vgg", profile="full", out=tmp_path, anyway=True)


def test_with_a_gpu_the_full_run_is_the_usual_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert profile_here() == "full"
    whole = full_experiment("vgg")
    assert (whole.precision, whole.channels_last, whole.compiled) == ("bfloat16", True, True)
    assert whole.settings()["precision"] == "bfloat16"


@pytest.mark.parametrize(("name", "kind", "size"), [("alexnet", AlexNet, 227), ("vgg", VGG, 224)])
def test_the_full_networks_are_the_papers(name, kind, size):
    with torch.device("meta"):
        net = full_experiment(name, profile="full").networks[name]()
        scores = net(torch.zeros(2, 3, size, size))
    assert isinstance(net, kind)
    assert scores.shape == (2, 10)
    assert name == "alexnet" or any(isinstance(layer, torch.nn.BatchNorm2d) for layer in net.modules())


@pytest.mark.parametrize("name", NAMES)
def test_small_runs_learn_the_same_each_time(name):
    experiment = full_experiment(name, profile="smoke")
    task = experiment.task(name)._replace(watch=lambda net: {})
    quick = replace(experiment, batch_size=8)
    train_once = importlib.import_module("course_pkg.training.experiment").train_once
    one, history = train_once(quick, name, task=task, steps=3)
    assert np.isfinite(history.metrics["loss"][1:]).all()
    assert same(one, train_once(quick, name, task=task, steps=3)[0])
    x, y = task.held_out.read(np.arange(5))
    assert (x.shape, y.tolist()) == ((5, 3, 32, 32), [0, 1, 2, 3, 4])
    assert measure(task, one)["test_error"] == task.measure(one)["test_error"] > 0.5


@pytest.fixture
def tree(tmp_path):
    """ImageNet's layout with three classes, each of one colour."""
    random = np.random.default_rng(0)
    for split, count in (("train", 8), ("val", 5)):
        for label, name in enumerate(("n01440764", "n02119789", "n09193705")):
            folder = tmp_path / "imagenet" / split / name
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = np.zeros((random.integers(40, 90), random.integers(40, 300), 3), np.uint8)
                pixels[..., label] = 200
                Image.fromarray(pixels).save(folder / f"{name}_{i}.JPEG")
    return tmp_path / "imagenet"


def test_imagenet_s_folders(tree, tmp_path):
    experiment = full_experiment("vgg", data="imagenet", profile="smoke", folder=tree)
    assert (experiment.batch_size, experiment.metric) == (24, "test_error")
    task = experiment.task("vgg")
    assert task.data == "ImageNet: 24 photographs of 3 classes to train on, 15 to test on"
    x, y = next(task.batches(24, 0).epoch(0))
    assert (x.shape, x.dtype, sorted(y.tolist())) == (
        (24, 3, 36, 36),
        torch.uint8,
        [0] * 8 + [1] * 8 + [2] * 8,
    )
    assert torch.equal(x.float().mean(dim=(2, 3)).argmax(dim=1), y)
    x, y = task.held_out.read(np.array([1, 14]))
    assert (x.shape, y.tolist(), task.held_out.classes[2]) == ((2, 3, 32, 32), [0, 2], "n09193705")
    result = run_full(
        "vgg", data="imagenet", profile="smoke", folder=tree, out=tmp_path, steps=8, progress=False
    )
    assert result.card["measured"] == {"test_error": 0.0}, "three colours are learnt at once"
    assert result.history.metrics["test_error_of_15"][-1] == 0
    again = full_experiment("vgg", data="imagenet", profile="smoke", folder=tree).task("vgg")
    assert again.data_sha256 == task.data_sha256


def test_five_guesses_count_where_there_are_many_classes():
    errors = importlib.import_module("course_pkg.training.full.images")._errors
    scores, y = -torch.arange(20.0).expand(8, 20), torch.tensor([0, 0, 1, 4, 5, 6, 7, 19])
    found = errors([(scores[:3], y[:3]), (scores[3:], y[3:])])
    assert found == {"test_error": 0.75, "test_top5_error": 0.5}
    assert errors([(scores[:, :10], y % 10)], "_of_8").keys() == {"test_error_of_8"}


def test_data_that_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    commands = {
        "--data cifar10": "python -m course_pkg data fetch cifar10",
        f"--data cifar10 --folder {tmp_path}": "batches.meta",
        "--data imagenet": "imagenet: say where it was unpacked",
        f"--data imagenet --folder {tmp_path}": "has no folder train",
    }
    for options, message in commands.items():
        assert main(["train", "alexnet", "--profile", "smoke", *options.split()]) == 1
        error = capsys.readouterr().err
        assert message in error
        assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_other_names(capsys):
    for command, message in {
        "alexnet --data stamps": "data: got 'stamps', expected one of 'digits', 'cifar10', 'imagenet'",
        "alexnet --data digits --folder here": "folder: got here, expected none",
        "alexnet --networks alexnet": "train alexnet: --networks is not for this one",
        "lenet --data digits": "train lenet: --data is not for this one",
        "lenet --anyway": "train lenet: --anyway is not for this one",
    }.items():
        assert main(["train", *command.split()]) == 2
        assert message in capsys.readouterr().err
    for call in (full_experiment, run_full):
        with pytest.raises(ValueError, match="name: got 'resnet', expected one of 'alexnet', 'vgg'"):
            call("resnet")
        with pytest.raises(ValueError, match="profile: got 'half'"):
            call("vgg", profile="half")
    with pytest.raises(ValueError, match="data: got 'voc'"):
        images("voc", 224)


@pytest.mark.usefixtures("_few")
def test_the_command(tmp_path, monkeypatch, capsys):
    options = ["--profile", "smoke", "--out", str(tmp_path), "--steps", "2", "--seeds", "1", "2"]
    assert main(["train", "alexnet", *options]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "alexnet, smoke profile, digits, seed 1"
    assert said[1].startswith("  test_error 0.25; ")
    assert len(said) == 4
    assert load_weights(tmp_path / "alexnet/smoke/digits.safetensors")[1]["seed"] == 2

    assert not (tmp_path / "book").exists(), "no result of a GPU"
    card = json.loads((tmp_path / "alexnet/smoke/digits.json").read_text())
    command = importlib.import_module("course_pkg.training.full.command")
    with monkeypatch.context() as with_a_gpu:
        with_a_gpu.chdir(tmp_path)
        with_a_gpu.setattr(command, "profile_here", lambda: "full")
        finished = full_run.FullRun(None, None, card, None)
        with_a_gpu.setattr(command, "run_full", lambda name, **rest: finished)
        assert main(["train", "vgg", "--profile", "full", "--seeds", "4"]) == 0
        assert main(["train", "vgg", "--profile", "full", "--steps", "4"]) == 0
    (written,) = (tmp_path / "book/results/gpu").iterdir()
    assert written.name == "vgg_cifar10_4.json"
    assert json.loads(written.read_text()) == card

    def interrupted(*args, **rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(full_run, "train_once", interrupted)
    assert main(["train", "alexnet", *options]) == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_examples_in_docstrings():
    for name in ("profiles", "run", "command", "classifiers", "images"):
        module = importlib.import_module(f"course_pkg.training.full.{name}")
        assert doctest.testmod(module).failed == 0, name
