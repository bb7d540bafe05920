"""`fit` against plain PyTorch loops written out here, and an interrupted run against one that was not."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_pkg.training.augment import augment
from course_pkg.training.batches import batches
from course_pkg.training.loop import fit
from course_pkg.training.schedules import warmup_cosine
from course_pkg.training.stopping import EarlyStopping


def examples(count=60):
    random = np.random.default_rng(0)
    return random.standard_normal((count, 1, 6, 6)).astype(np.float32), random.integers(0, 4, count)


def network(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 5, 3),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(80, 8),
        nn.Tanh(),
        nn.Linear(8, 4),
    )


def momentum(net):
    return torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)


def same(a, b):
    return all(
        torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def close(a, b, atol=1e-6):
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-5, atol=atol)


def test_equals_a_loop_written_out():
    x, y = examples()
    ours, theirs = network(), network()
    data = batches(x, y, batch_size=14, seed=3)  # 60 examples: four are left over each epoch
    optimizer = momentum(ours)
    fit(ours, data, F.cross_entropy, optimizer=optimizer, steps=11, schedule=warmup_cosine(optimizer, 11, 3))
    optimizer, taken = momentum(theirs), 0
    for epoch in range(3):
        order = np.arange(60)
        np.random.default_rng([3, epoch]).shuffle(order)
        for start in range(0, 56, 14):
            if taken == 11:
                break
            rate = (taken + 1) / 3 if taken < 3 else (1 + np.cos(np.pi * (taken - 3) / 8)) / 2
            optimizer.param_groups[0]["lr"] = 0.1 * rate
            which = order[start : start + 14]
            optimizer.zero_grad()
            F.cross_entropy(theirs(torch.tensor(x[which])), torch.tensor(y[which])).backward()
            optimizer.step()
            taken += 1
    close(ours, theirs)


def test_accumulated_batches_are_one_large_batch():
    x, y = examples()
    small, large = network(), network()
    fit(
        small,
        batches(x, y, 10, shuffle=False),
        F.cross_entropy,
        optimizer=momentum(small),
        epochs=2,
        accumulate=3,
    )
    fit(large, batches(x, y, 30, shuffle=False), F.cross_entropy, optimizer=momentum(large), epochs=2)
    close(small, large)
    assert not same(network(), large)


def test_long_gradients_are_cut():
    x, y = examples()
    net = network()
    before = copy.deepcopy(net)
    plain = torch.optim.SGD(net.parameters(), lr=1.0)
    fit(net, batches(x, y, 60), lambda a, b: 1000 * F.cross_entropy(a, b), optimizer=plain, steps=1, clip=0.5)
    moves = [p - q for p, q in zip(net.parameters(), before.parameters(), strict=True)]
    assert torch.cat([move.flatten() for move in moves]).norm().item() == pytest.approx(0.5, rel=1e-4)


def test_the_records_are_what_was_measured():
    x, y = examples()
    net, seen, logged = network(dropout=0.5), [], {}

    def evaluate(net):
        seen.append((net.training, torch.is_grad_enabled()))
        return {"error": float(len(seen)), "per_class": np.arange(4) * len(seen)}

    history = fit(
        net,
        batches(x, y, 20),
        F.cross_entropy,
        optimizer=momentum(net),
        steps=8,
        evaluate=evaluate,
        evaluate_every=3,
        log=lambda step, numbers: logged.update({step: numbers}),
    )
    assert history.steps.tolist() == [0, 3, 6, 8]
    assert history.metrics["error"].tolist() == [1, 2, 3, 4]
    assert history.metrics["per_class"].shape == (4, 4)
    assert seen == [(False, False)] * 4
    assert history.best_step == 8
    assert list(logged) == [0, 3, 6, 8]
    assert logged[6]["error"] == 3
    assert "per_class" not in logged[6]


def test_the_loss_is_the_mean_since_the_record_before():
    x, y = examples()
    net = network()
    losses = []

    def loss(scores, y):
        losses.append(F.cross_entropy(scores, y))
        return losses[-1]

    history = fit(net, batches(x, y, 20), loss, optimizer=momentum(net), steps=5, evaluate_every=3)
    first, second = torch.stack(losses[:3]).mean().item(), torch.stack(losses[3:]).mean().item()
    np.testing.assert_allclose(history.metrics["loss"], [np.nan, first, second], rtol=1e-6)


def test_modes_and_generators_are_left_as_they_were():
    x, y = examples()
    net = network(dropout=0.5).eval()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    fit(net, batches(x, y, 20), F.cross_entropy, optimizer=momentum(net), steps=2, seed=4)
    assert torch.equal(torch.rand(3), expected)
    assert not net.training


def test_the_seed_decides():
    x, y = examples()
    nets = [network(dropout=0.5) for _ in range(3)]
    for net, seed in zip(nets, [5, 5, 6], strict=True):
        fit(net, batches(x, y, 20), F.cross_entropy, optimizer=momentum(net), steps=4, seed=seed)
    assert same(nets[0], nets[1])
    assert not same(nets[0], nets[2])


def test_early_stopping_keeps_the_best_weights():
    x, y = examples()
    net, errors, weights = network(), iter([0.9, 0.5, 0.3, 0.4, 0.35, 0.1]), []

    def evaluate(net):
        weights.append(copy.deepcopy(net.state_dict()))
        return {"error": next(errors)}

    history = fit(
        net,
        batches(x, y, 20),
        F.cross_entropy,
        optimizer=momentum(net),
        epochs=100,
        evaluate=evaluate,
        early_stopping=EarlyStopping("error", patience=2),
    )
    assert history.steps.tolist() == [0, 3, 6, 9, 12]  # 0.1 was never seen
    assert history.best_step == 6
    assert all(torch.equal(value, weights[2][name]) for name, value in net.state_dict().items())


def test_bfloat16_is_near_float32():
    x, y = examples()
    nets = [network() for _ in range(2)]
    losses = []
    for net, precision in zip(nets, ["float32", "bfloat16"], strict=True):
        history = fit(
            net, batches(x, y, 20), F.cross_entropy, optimizer=momentum(net), steps=6, precision=precision
        )
        losses.append(history.metrics["loss"][-1])
        assert all(p.dtype == torch.float32 for p in net.parameters())
    assert not same(*nets)
    assert losses[0] == pytest.approx(losses[1], abs=0.02)


def test_augmentation_is_what_the_network_gets():
    x, y = examples()
    net, got = network(), []
    net.register_forward_pre_hook(lambda module, inputs: got.append(inputs[0]))
    turn = augment(nn.ZeroPad2d((1, -1, 0, 0)))
    fit(
        net, batches(x, y, 60, shuffle=False), F.cross_entropy, optimizer=momentum(net), steps=1, augment=turn
    )
    torch.testing.assert_close(got[0][..., 1:], torch.tensor(x[..., :-1]))


def test_it_learns():
    x, _ = examples(300)
    y = (x[:, 0, 1:4, 1:4].sum(axis=(1, 2)) > 0).astype(int)
    net = network()
    fit(net, batches(x[:200], y[:200], 50), F.cross_entropy, optimizer=momentum(net), epochs=40)
    wrong = (net(torch.tensor(x[200:])).argmax(dim=1).numpy() != y[200:]).mean()
    assert wrong < 0.2


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model": "net"}, TypeError, "model: got str 'net'"),
        ({"batches": [1, 2]}, TypeError, r"batches: got list \[1, 2\], expected Batches"),
        ({"loss": 3}, TypeError, "loss: got int 3"),
        ({"optimizer": torch.optim.SGD}, TypeError, "optimizer: got type"),
        ({"optimizer": momentum(network())}, ValueError, "none of the model's parameters"),
        ({"steps": None}, ValueError, "got None and None, expected exactly one"),
        ({"epochs": 2}, ValueError, "got 2 and 2, expected exactly one"),
        ({"steps": 0}, ValueError, "steps: got 0"),
        ({"steps": 1.5}, TypeError, "steps: got float 1.5"),
        ({"accumulate": 0}, ValueError, "accumulate: got 0"),
        ({"evaluate_every": 0}, ValueError, "evaluate_every: got 0"),
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every: got 0"),
        ({"clip": -1}, ValueError, "clip: got -1"),
        ({"precision": "float64"}, ValueError, "precision: got 'float64', expected one of 'float32'"),
        ({"precision": "float16"}, ValueError, "precision: got 'float16' on cpu, expected a GPU"),
        ({"seed": -1}, ValueError, "seed: got -1"),
        (
            {"evaluate": lambda net: {"loss": 1}},
            ValueError,
            "evaluate: got loss, expected other names than loss",
        ),
        (
            {"early_stopping": EarlyStopping("wrong", 2)},
            ValueError,
            "metric: got 'wrong', expected one of 'loss'",
        ),
    ],
)
def test_bad_input(changes, error, message):
    net = network()
    arguments = {"model": net, "batches": batches(*examples(), 20), "loss": F.cross_entropy}
    arguments |= {"optimizer": momentum(net), "steps": 2} | changes
    with pytest.raises(error, match=message):
        fit(**arguments)
