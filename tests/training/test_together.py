"""`fit_together` against a plain loop written out here, and a seed alone against the same seed in company."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_pkg.models.mnist1d import MNIST1DConvNet, MNIST1DFullyConnected
from course_pkg.training.metrics import error_rate
from course_pkg.training.together import fit_together, one_per_seed


def small_image_net():
    return nn.Sequential(
        nn.Unflatten(1, (1, 5, 8)),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def unusual_conv_net():
    return nn.Sequential(
        nn.Unflatten(1, (2, 20)),
        nn.Conv1d(2, 4, 3, padding=2, dilation=2, groups=2),
        nn.Tanh(),
        nn.Conv1d(4, 3, 4, stride=3, bias=False),
        nn.Tanh(),
        nn.Conv1d(3, 3, 2, stride=3),
        nn.Flatten(),
        nn.Linear(6, 10),
    )


BUILDERS = [MNIST1DConvNet, MNIST1DFullyConnected, small_image_net, unusual_conv_net]


@pytest.fixture
def examples():
    random = np.random.default_rng(0)
    return random.standard_normal((90, 40)), random.integers(0, 10, 90)


def doubles(build, seeds):
    return [model.double() for model in one_per_seed(build, seeds)]


def plain_loop(model, x, y, *, steps, batch_size, learning_rate, seed):
    generator = torch.Generator().manual_seed(seed)
    model.train()
    taken = 0
    while True:
        order = torch.randperm(len(x), generator=generator)
        for start in range(0, len(x) - batch_size + 1, batch_size):
            if taken == steps:
                return
            batch = order[start : start + batch_size]
            model.zero_grad()
            F.cross_entropy(model(x[batch]), y[batch]).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= learning_rate * parameter.grad
            taken += 1


@pytest.mark.parametrize("build", BUILDERS)
def test_equals_a_plain_loop(build, examples):
    x, y = examples
    ours, theirs = doubles(build, [4, 9, 5]), doubles(build, [4, 9, 5])
    # 90 examples in batches of 20: two are left over each epoch
    fit_together(ours, x, y, x, y, steps=13, batch_size=20, learning_rate=0.1, seeds=[4, 9, 5])
    for model, seed in zip(theirs, [4, 9, 5], strict=True):
        plain_loop(
            model, torch.tensor(x), torch.tensor(y), steps=13, batch_size=20, learning_rate=0.1, seed=seed
        )
    for mine, other in zip(ours, theirs, strict=True):
        for name, value in mine.state_dict().items():
            torch.testing.assert_close(value, other.state_dict()[name], rtol=1e-9, atol=1e-11, msg=name)


@pytest.mark.parametrize("build", BUILDERS)
def test_company_does_not_matter(build, examples):
    x, y = examples
    together, alone = doubles(build, [0, 1, 2]), doubles(build, [1])
    all_three = fit_together(together, x, y, x, y, steps=9, batch_size=30, seeds=[0, 1, 2], record_every=3)
    one = fit_together(alone, x, y, x, y, steps=9, batch_size=30, seeds=[1], record_every=3)
    for name, value in together[1].state_dict().items():
        torch.testing.assert_close(value, alone[0].state_dict()[name], rtol=1e-9, atol=1e-11, msg=name)
    np.testing.assert_allclose(all_three.train_loss[1:2], one.train_loss, rtol=1e-9)
    assert not np.allclose(all_three.train_loss[0], all_three.train_loss[1]), "two seeds gave one result"


def test_same_seed_same_weights(examples):
    x, y = examples
    a, b = one_per_seed(MNIST1DConvNet, [3]), one_per_seed(MNIST1DConvNet, [3])
    for models in (a, b):
        fit_together(models, x, y, x, y, steps=5, batch_size=30, seeds=[3])
    assert all(torch.equal(p, q) for p, q in zip(a[0].parameters(), b[0].parameters(), strict=True))


def test_history_is_what_the_models_score(examples):
    x, y = examples
    models = one_per_seed(MNIST1DFullyConnected, [0, 1])
    before = [error_rate(model, x, y) for model in models]
    history = fit_together(
        models, x, y, x[:31], y[:31], steps=10, batch_size=30, learning_rate=0.1, record_every=4
    )
    assert history.steps.tolist() == [0, 4, 8, 10]
    assert history.train_loss.shape == history.train_error.shape == history.test_error.shape == (2, 4)
    np.testing.assert_allclose(history.train_error[:, 0], before)
    np.testing.assert_allclose(history.train_error[:, -1], [error_rate(model, x, y) for model in models])
    np.testing.assert_allclose(history.test_error[:, -1], [error_rate(m, x[:31], y[:31]) for m in models])
    with torch.no_grad():
        losses = [
            F.cross_entropy(m(torch.tensor(x, dtype=torch.float32)), torch.tensor(y)).item() for m in models
        ]
    np.testing.assert_allclose(history.train_loss[:, -1], losses, rtol=1e-5)


def test_learns_what_can_be_learnt():
    x = np.random.default_rng(1).standard_normal((300, 40))
    y = (x[:, 3:8].sum(axis=1) > 0).astype(int)
    models = one_per_seed(MNIST1DConvNet, range(3))
    history = fit_together(
        models, x[:200], y[:200], x[200:], y[200:], steps=400, batch_size=50, learning_rate=0.1
    )
    assert (history.train_error[:, -1] == 0).all()
    assert (history.test_error[:, -1] < 0.3).all()


def test_examples_stay_as_they_are(examples):
    x, y = examples
    x_before, y_before = x.copy(), y.copy()
    fit_together(one_per_seed(MNIST1DConvNet, [0]), x, y, x, y, steps=3, batch_size=30)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)


def test_the_global_generator_is_left_alone(examples):
    x, y = examples
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    fit_together(one_per_seed(MNIST1DConvNet, [0]), x, y, x, y, steps=3, batch_size=30)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("progress", [False, True])
def test_progress_is_shown_only_when_asked_for(examples, capsys, progress):
    x, y = examples
    fit_together(one_per_seed(MNIST1DConvNet, [0]), x, y, x, y, steps=3, batch_size=30, progress=progress)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert ("3/3" in shown.err) == progress


def two_nets():
    return [MNIST1DConvNet(), MNIST1DConvNet()]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"models": []}, ValueError, "models: got none"),
        ({"models": [np.sin]}, TypeError, r"models\[0\]: got ufunc"),
        (
            {"models": [MNIST1DConvNet(), MNIST1DFullyConnected()]},
            ValueError,
            r"models\[1\]: .* other shapes",
        ),
        ({"steps": 0}, ValueError, "steps: got 0"),
        ({"steps": 1.5}, TypeError, "steps: got float 1.5"),
        ({"batch_size": 91}, ValueError, "batch_size: got 91, expected at most the 90"),
        ({"batch_size": -1}, ValueError, "batch_size: got -1"),
        ({"learning_rate": 0}, ValueError, "learning_rate: got 0"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate: got nan"),
        ({"learning_rate": "0.1"}, TypeError, "learning_rate: got str '0.1'"),
        ({"record_every": 0}, ValueError, "record_every: got 0"),
        ({"seeds": [1]}, ValueError, "seeds: got 1, expected one for each of the 2 models"),
        ({"seeds": [1, 2.5]}, TypeError, "seeds: got float 2.5"),
        ({"x_train": [[0.0] * 40] * 90}, TypeError, "x_train: got list"),
        ({"y_train": np.zeros(90)}, TypeError, "y_train: got dtype torch.float64"),
        ({"y_train": np.full(90, 10)}, ValueError, r"y: got classes 10 … 10, expected 0 … 9"),
        ({"y_test": np.full(90, -1)}, ValueError, r"y: got classes -1 … -1, expected 0 … 9"),
        ({"y_train": np.zeros(89, int)}, ValueError, r"y_train: got shape \(89,\), expected \(90,\)"),
        ({"y_test": np.zeros((90, 10), int)}, ValueError, r"y_test: got shape \(90, 10\)"),
        (
            {"x_test": np.zeros((0, 40)), "y_test": np.zeros(0, int)},
            ValueError,
            r"x_test: got shape \(0, 40\)",
        ),
        ({"x_train": np.zeros((90, 41))}, ValueError, r"x: got shape"),
    ],
)
def test_bad_input(examples, changes, error, message):
    x, y = examples
    arguments = {"models": two_nets(), "x_train": x, "y_train": y, "x_test": x, "y_test": y}
    arguments |= {"steps": 2, "batch_size": 30} | changes
    with pytest.raises(error, match=message):
        fit_together(**arguments)


def test_bad_seed():
    with pytest.raises(TypeError, match=r"seeds: got float 1\.5"):
        one_per_seed(MNIST1DConvNet, [1.5])
