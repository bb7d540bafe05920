"""Experiments from end to end in a short version, and the stored weights of the full ones."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.__main__ import main
from course_pkg.data.registry import DataUnavailable
from course_pkg.training import experiments
from course_pkg.training.batches import batches
from course_pkg.training.cards import load_weights
from course_pkg.training.experiment import Experiment, Task, measure, run_experiment, train_once
from course_pkg.training.experiments import EXPERIMENTS, trained

RESULTS = Path(__file__).parents[2] / "book" / "results"
STORED = sorted((RESULTS / "weights").glob("*/*.safetensors"))


def toy_task(network):
    random = np.random.default_rng(0)
    x = random.standard_normal((120, 6)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    test = torch.tensor(x[80:]), torch.tensor(y[80:])
    return Task(
        data="120 points",
        data_sha256="0",
        batches=lambda size, seed: batches(x[:80], y[:80], size, seed=seed),
        loss=F.cross_entropy,
        measure=lambda net: {"error": (net(test[0]).argmax(dim=1) != test[1]).double().mean()},
    )


TOY = Experiment(
    networks={
        "line": lambda: nn.Linear(6, 2),
        "drop": lambda: nn.Sequential(nn.Dropout(0.2), nn.Linear(6, 2)),
    },
    task=toy_task,
    metric="error",
    steps=30,
    batch_size=10,
    learning_rate=0.1,
    records=3,
)


@pytest.fixture
def _toy(monkeypatch):
    monkeypatch.setitem(EXPERIMENTS, "toy", TOY)
    monkeypatch.setattr(experiments, "NAMES", ["toy"])


def test_a_run_stores_weights_cards_and_curves(tmp_path):
    run_experiment("toy", TOY, tmp_path / "out", tmp_path / "work")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "curves.json",
        "drop.json",
        "drop.safetensors",
        "line.json",
        "line.safetensors",
    ]
    weights, card = load_weights(tmp_path / "out" / "drop.safetensors")
    net = TOY.networks["drop"]()
    net.load_state_dict(weights)
    assert measure(toy_task("drop"), net) == card["measured"] == card["all_seeds"]["0"]
    assert card["mean"]["error"] == pytest.approx(
        np.mean([f["error"] for f in card["all_seeds"].values()]), abs=1e-5
    )
    assert (card["seed"], list(card["all_seeds"]), card["settings"]["steps"]) == (0, ["0", "1", "2"], 30)
    curves = json.loads((tmp_path / "out" / "curves.json").read_text())
    assert curves["line"]["1"]["steps"] == [0, 10, 20, 30]
    assert curves["line"]["1"]["loss"][0] is None
    assert curves["drop"]["0"]["error"][-1] == pytest.approx(card["measured"]["error"], rel=1e-3)
    assert not list((tmp_path / "work").iterdir()), "checkpoints of a finished run"


def test_one_network_alone_leaves_the_others(tmp_path):
    out, work = tmp_path / "out", tmp_path / "work"
    run_experiment("toy", TOY, out, work, seeds=[0])
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    run_experiment("toy", TOY, out, work, seeds=[1, 0], networks=["drop"])
    assert load_weights(out / "drop.safetensors")[1]["seed"] == 1
    assert (out / "line.safetensors").read_bytes() == before["line.safetensors"]
    curves = json.loads((out / "curves.json").read_text())
    assert (list(curves["line"]), list(curves["drop"])) == (["0"], ["1", "0"])
    assert curves["line"] == json.loads(before["curves.json"])["line"]
    with pytest.raises(ValueError, match="networks: got 'square', expected one of 'line', 'drop'"):
        run_experiment("toy", TOY, out, work, networks=["square"])


class Interrupted(Exception):
    """Somebody pulled the plug."""


def test_an_interrupted_run_goes_on(tmp_path, capsys):
    run_experiment("toy", TOY, tmp_path / "whole", tmp_path / "work")
    calls = 0

    def task(network):
        whole = toy_task(network)

        def loss(scores, y):
            nonlocal calls
            calls += 1
            if calls == 105:  # in the second network, its first seed, after ten steps
                raise Interrupted
            return whole.loss(scores, y)

        return whole._replace(loss=loss)

    with pytest.raises(Interrupted):
        run_experiment("toy", replace(TOY, task=task), tmp_path / "parts", tmp_path / "work")
    assert len(list((tmp_path / "work").iterdir())) == 4
    run_experiment("toy", replace(TOY, task=task), tmp_path / "parts", tmp_path / "work")
    assert calls == 105 + 80, "steps that were done were done again"
    for file in (tmp_path / "whole").glob("*.safetensors"):
        assert file.read_bytes() == (tmp_path / "parts" / file.name).read_bytes()
    assert (tmp_path / "whole" / "curves.json").read_bytes() == (
        tmp_path / "parts" / "curves.json"
    ).read_bytes()


def test_other_settings_do_not_go_on_from_a_checkpoint(tmp_path):
    (tmp_path / "work").mkdir()
    marks = set()
    for experiment in (TOY, replace(TOY, learning_rate=0.2), replace(TOY, weight_decay=0.1)):

        def task(network):
            raise_on_loss = toy_task(network)
            calls = iter(range(100))

            def loss(scores, y):
                if next(calls) == 15:
                    raise Interrupted
                return raise_on_loss.loss(scores, y)

            return raise_on_loss._replace(loss=loss)

        with pytest.raises(Interrupted):
            run_experiment("toy", replace(experiment, task=task), tmp_path / "out", tmp_path / "work")
        marks |= {file.name for file in (tmp_path / "work").iterdir()}
    assert len(marks) == 3


def test_what_comes_first_comes_once(tmp_path):
    calls = []

    def threes(model, seed, share):
        calls.append((seed, share))
        nn.init.constant_(model.weight, 3.0)

    experiment = replace(TOY, first=threes, first_in_words="threes")
    args = {"seed": 4, "steps": 15, "checkpoint": tmp_path / "reached"}
    net, _ = train_once(experiment, "line", **args)
    again, _ = train_once(experiment, "line", **args)  # goes on from the checkpoint
    assert calls == [(4, 0.5)]
    assert torch.equal(again.weight, net.weight)
    assert net.weight.min() > 1, "began at 3"
    plain, _ = train_once(TOY, "line", seed=4, steps=15)
    assert plain.weight.max() < 2
    assert experiment.settings() == {"first": "threes", **TOY.settings()}


@pytest.mark.usefixtures("_toy")
def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "toy", "--steps", "5", "--seeds", "3", "1"]) == 0
    folder = Path("_build/train/results/weights/toy")  # a short run does not take the place of the full one
    _, card = load_weights(folder / "line.safetensors")
    assert (card["seed"], list(card["all_seeds"]), card["settings"]["steps"]) == (3, ["3", "1"], 5)
    assert main(["train", "toy", "--out", "here", "--seeds", "0"]) == 0
    assert Path("here/weights/toy/line.safetensors").exists()
    assert "toy, line, seed 1: 5 steps" in capsys.readouterr().out


def test_unknown_names(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "mnist2d"]) == 2
    assert "no experiment 'mnist2d'; there are: mnist1d, lenet, " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="network: got 'resnet', expected one of 'modern'"):
        train_once(EXPERIMENTS["lenet"], "resnet")
    with pytest.raises(FileNotFoundError, match=r"no weights of 'modern' in .*course_pkg train lenet"):
        trained("lenet", "modern", tmp_path)


def test_data_that_must_be_fetched(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["train", "small_alexnet_cifar10"]) == 1
    assert "course_pkg data fetch cifar10" in capsys.readouterr().err


def task_of(name, network):
    try:
        return EXPERIMENTS[name].task(network)
    except DataUnavailable as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_experiment_takes_steps(name):
    experiment = replace(EXPERIMENTS[name], batch_size=8)
    for network in list(experiment.networks)[:2]:
        task = task_of(name, network)
        few = task._replace(watch=lambda net: {})
        small = {"steps": 2, "task": few}
        net, history = train_once(experiment, network, **small)
        assert np.isfinite(history.metrics["loss"][1:]).all()
        again, _ = train_once(experiment, network, **small)
        assert all(
            torch.equal(a, b)
            for a, b in zip(net.state_dict().values(), again.state_dict().values(), strict=True)
        )


@pytest.mark.parametrize("file", STORED, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_stored_weights_give_the_figures_on_their_card(file):
    assert file.stat().st_size <= 2_000_000
    name, network = file.parent.name, file.stem
    net, card, curves = trained(name, network, RESULTS)
    experiment, task = EXPERIMENTS[name], task_of(name, network)
    assert (card["experiment"], card["network"], card["metric"]) == (name, network, experiment.metric)
    assert card["data_sha256"] == task.data_sha256, "the stored run had other data"
    assert list(card["all_seeds"]) == list(curves)
    if not card["notes"].startswith("An interim run"):  # which says what it lacks
        assert card["settings"] == experiment.settings(), "the stored run had other settings"
        assert list(curves) == [str(seed) for seed in experiment.seeds]
    found = measure(task, net)
    # another processor rounds otherwise: a few examples may fall on the other side
    assert found == pytest.approx(card["measured"], abs=0.003)
