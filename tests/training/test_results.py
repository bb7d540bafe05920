"""Storing results, and the stored results of the full runs."""

from pathlib import Path

import pytest
import torch
from torch import nn

from course_pkg.data.mnist1d import make_mnist1d
from course_pkg.models.mnist1d import MNIST1DConvNet, MNIST1DFullyConnected
from course_pkg.training import mnist1d
from course_pkg.training.metrics import error_rate
from course_pkg.training.mnist1d import NETWORKS, shuffled, train_network
from course_pkg.training.results import load_results, save_results

RESULTS = Path(__file__).parents[2] / "book" / "results"


@pytest.fixture(scope="module")
def data():
    return make_mnist1d()


@pytest.fixture(scope="module")
def stored():
    return load_results("mnist1d", RESULTS)


def nets(build, stacked):
    for i in range(len(next(iter(stacked.values())))):
        net = build()
        net.load_state_dict({name: value[i] for name, value in stacked.items()})
        yield net


@pytest.mark.parametrize("run", ["convolutional", "fully_connected", "convolutional_shuffled"])
def test_stored_weights_give_the_errors_on_the_card(run, data, stored):
    card, weights = stored
    examples = shuffled(data)[0] if run.endswith("_shuffled") else data
    build = MNIST1DConvNet if run.startswith("convolutional") else MNIST1DFullyConnected
    trained = list(nets(build, weights[run]))
    summary = card["runs"][run]
    assert len(trained) == len(card["seeds"]) == len(summary["final_test_error"]) >= 5
    for net, train, test in zip(
        trained, summary["final_train_error"], summary["final_test_error"], strict=True
    ):
        # another processor rounds otherwise: one example in a thousand may fall on the other side
        assert abs(error_rate(net, examples.x_test, examples.y_test) - test) < 0.0015
        assert abs(error_rate(net, examples.x_train, examples.y_train) - train) < 0.0005


def test_the_card_says_what_the_issue_asks_for(stored):
    runs = stored[0]["runs"]
    mean = {name: sum(run["final_test_error"]) / len(run["final_test_error"]) for name, run in runs.items()}
    assert mean["convolutional"] <= 0.17
    assert 0.35 < mean["fully_connected"] < 0.45
    assert mean["convolutional_shuffled"] > 0.35
    assert abs(mean["fully_connected_shuffled"] - mean["fully_connected"]) < 0.03
    assert set(runs["convolutional"]["final_train_error"]) == {0}
    assert set(runs["fully_connected"]["final_train_error"]) == {0}
    assert (runs["convolutional"]["parameters"], runs["fully_connected"]["parameters"]) == (2050, 59065)


def test_the_card_s_order_is_the_package_s(data, stored):
    assert stored[0]["shuffled_order"] == shuffled(data)[1].tolist()


def test_curves_end_in_the_final_errors(stored):
    for run in stored[0]["runs"].values():
        history = run["history"]
        assert history["steps"][0] == 0
        assert history["steps"][-1] == stored[0]["settings"]["steps"] == 100_000
        assert [curve[-1] for curve in history["test_error"]] == run["final_test_error"]
        assert [curve[-1] for curve in history["train_error"]] == run["final_train_error"]


def test_the_first_record_can_be_made_again(data, stored):
    for name in NETWORKS:
        again = train_network(name, data, steps=1, seeds=stored[0]["seeds"]).history
        first = [curve[0] for curve in stored[0]["runs"][name]["history"]["test_error"]]
        assert abs(again.test_error[:, 0] - first).max() < 0.0015


def test_what_is_saved_is_loaded(tmp_path):
    models = {"a": [nn.Linear(2, 3), nn.Linear(2, 3)], "b": [nn.BatchNorm1d(4)]}
    save_results({"name": "try", "seeds": [0, 1]}, models, tmp_path / "new")
    card, weights = load_results("try", tmp_path / "new")
    assert card["seeds"] == [0, 1]
    assert torch.equal(weights["a"]["weight"][1], models["a"][1].weight)
    assert weights["b"]["running_var"].shape == (1, 4)


def test_weights_of_another_run_are_refused(tmp_path):
    save_results({"name": "try"}, {"a": [nn.Linear(2, 3)]}, tmp_path)
    card = (tmp_path / "try.json").read_text()
    save_results({"name": "try"}, {"a": [nn.Linear(2, 3)]}, tmp_path)
    (tmp_path / "try.json").write_text(card)
    with pytest.raises(ValueError, match="not the file of its card"):
        load_results("try", tmp_path)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no results of 'try' in .*train try"):
        load_results("try", tmp_path)
    with pytest.raises(ValueError, match="card: got the keys"):
        save_results({"seeds": [0]}, {}, tmp_path)


def test_unknown_network(data):
    with pytest.raises(ValueError, match="network: got 'resnet', expected one of 'convolutional'"):
        train_network("resnet", data, steps=1)


def test_a_short_experiment_end_to_end(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist1d, "seconds_together_and_alone", lambda network, data: (1.0, 2.0))
    mnist1d.run_experiment(tmp_path, steps=20)
    card, weights = load_results("mnist1d", tmp_path)
    assert card["settings"]["steps"] == 20
    assert card["runs"]["convolutional"]["history"]["steps"] == [0, 20]
    assert card["measured"]["five_seeds_500_steps"]["convolutional"]["ratio"] == 0.5
    assert set(weights) == {"convolutional", "fully_connected", "convolutional_shuffled"}
