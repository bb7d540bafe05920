"""Batches that do not fit in memory, networks that cannot be compiled, memory layouts, fused optimisers."""

import copy
import doctest

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_pkg.models import AlexNet
from course_pkg.training import step
from course_pkg.training.batches import Batches, batches
from course_pkg.training.experiment import Experiment, optimizer_of
from course_pkg.training.loop import fit
from course_pkg.training.resident import random_views, resident_batches
from course_pkg.training.schedules import warmup_cosine

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((48, 3, 6, 6)).astype(np.float32), RANDOM.integers(0, 4, 48)


class Narrow(nn.Module):
    """A network on a device with room for so many examples at a time."""

    def __init__(self, room=10**9, in_backward=False):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(96, 8), nn.Tanh(), nn.Linear(8, 4)
        )
        self.room, self.in_backward, self.seen = room, in_backward, []

    def forward(self, x):
        self.seen.append(len(x))
        if len(x) > self.room and not self.in_backward:
            raise torch.OutOfMemoryError("the GPU is full")
        scores = self.layers(x)
        if len(x) > self.room:
            scores.register_hook(self.give_up)
        return scores

    def give_up(self, gradient):
        raise torch.OutOfMemoryError("the GPU is full")


def train(net, data=None, **changes):
    rule = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    arguments = {"optimizer": rule, "steps": 5, "evaluate_every": 1} | changes
    return fit(net, data or batches(X, Y, 16), F.cross_entropy, **arguments)


def assert_close(one, other, atol=1e-6):
    for (name, a), b in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=atol, msg=name)


@pytest.mark.parametrize(
    ("room", "batch", "sizes"),
    [
        (8, 16, [16, 8, 8]),
        (7, 16, [16, 8, 4, 4, 4, 4]),
        (3, 11, [11, 5, 2, 3, 3, 3]),  # unequal pieces
        (1, 4, [4, 2, 1, 1, 1, 1]),
    ],
)
@pytest.mark.parametrize("in_backward", [False, True])
def test_what_does_not_fit_comes_in_pieces_with_the_same_result(room, batch, sizes, in_backward, capsys):
    wide, narrow = Narrow(), Narrow(room, in_backward)
    whole, cut = (train(net, batches(X, Y, batch)) for net in (wide, narrow))
    assert_close(narrow, wide)
    np.testing.assert_allclose(cut.metrics["loss"], whole.metrics["loss"], atol=1e-6)
    assert narrow.seen[: len(sizes)] == sizes
    assert max(narrow.seen[len(sizes) :]) <= room, "it went on with pieces that fit"
    said = capsys.readouterr().out.strip().splitlines()
    assert all(line.startswith(f"out of memory: a batch of {batch} is cut into ") for line in said)


def test_an_update_of_several_batches_starts_over():
    wide, narrow = Narrow(), Narrow()
    narrow.room = 16

    class Growing:  # the second batch of an update is too large
        def __len__(self):
            return 2

        def epoch(self, number, start=0):
            yield from [(X_[:8], Y_[:8]), (X_[8:40], Y_[8:40])][start:]

    X_, Y_ = torch.from_numpy(X), torch.from_numpy(Y)
    for net in (wide, narrow):
        train(net, Growing(), accumulate=2)
    assert_close(narrow, wide)
    assert narrow.seen[:6] == [8, 32, 4, 4, 16, 16]


def test_no_room_for_one(capsys):
    net = Narrow(room=0)
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(torch.OutOfMemoryError, match="the GPU is full"):
        train(net)
    assert net.seen == [16, 8, 4, 2, 1]
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert "16 pieces" in capsys.readouterr().out


def test_what_has_no_examples_to_count_is_not_cut():
    odd = Batches(lambda which: (torch.from_numpy(X[which]), torch.zeros(3)), 48, 16)
    with pytest.raises(torch.OutOfMemoryError):
        fit(
            net := Narrow(room=8),
            odd,
            lambda a, b: a.mean(),
            optimizer=torch.optim.SGD(net.parameters()),
            steps=1,
        )
    assert net.seen == [16]


def test_a_resumed_run_takes_the_pieces_it_had(tmp_path):
    narrow = Narrow(room=8)
    train(narrow, checkpoint=tmp_path / "a.pt", checkpoint_every=3)
    again = Narrow(room=8)
    train(again, checkpoint=tmp_path / "a.pt", steps=7)
    assert again.seen == [8] * 4, "no batch was tried whole"


def test_augmentation_is_of_the_pieces(capsys):
    shapes = []

    def note(x, y):
        shapes.append((len(x), len(y)))
        return x, y

    train(Narrow(room=8), augment=note, steps=2)
    assert shapes == [(16, 16), (8, 8), (8, 8), (8, 8), (8, 8)]


def test_channels_last_changes_nothing_but_the_layout():
    plain, pixels = Narrow(), Narrow()
    strides = []
    pixels.layers[0].register_forward_pre_hook(lambda layer, inputs: strides.append(inputs[0].stride()))
    train(plain)
    train(pixels, channels_last=True)
    assert set(strides) == {(108, 1, 18, 3)}
    assert pixels.layers[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert_close(pixels, plain, atol=1e-5)


def broken_backend(graph, inputs):
    raise ImportError("no compiler on this machine")


def test_a_network_that_cannot_be_compiled_is_used_as_it_is(monkeypatch, capsys):
    compiled = torch.compile
    monkeypatch.setattr(torch, "compile", lambda model, backend: compiled(model, backend=broken_backend))
    plain, net = Narrow(), Narrow()
    train(plain)
    train(net, compiled=True)
    said = capsys.readouterr().out.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("the network cannot be compiled and is used as it is: ")
    assert "no compiler on this machine" in said[0]
    assert_close(net, plain, atol=0)


def test_a_compiled_network_learns_the_same():
    plain, net = Narrow().layers, Narrow().layers
    train(plain)
    train(net, compiled="aot_eager")
    assert_close(net, plain)


def test_errors_of_a_compiled_network_are_its_own():
    with pytest.raises(RuntimeError, match=r"mat1 and mat2|size mismatch|shapes"):
        train(Narrow().layers, batches(X[:, :, :5], Y, 16), compiled="aot_eager")


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD with momentum 0.9"])
def test_a_fused_optimiser_takes_the_same_steps(optimizer):
    what = Experiment({}, None, "", 1, 16, learning_rate=0.01, optimizer=optimizer, weight_decay=0.1)
    nets = [Narrow(), Narrow()]
    for net, fused in zip(nets, (False, True), strict=True):
        rule = optimizer_of(what, net, fused=fused)
        assert bool(rule.defaults["fused"]) == fused
        train(net, optimizer=rule)
    assert_close(*nets)
    assert not optimizer_of(what, nets[0]).defaults["fused"], "by itself on a GPU only"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("optimizer", ["AdamW", "SGD with momentum 0.9"])
def test_from_one_record_to_the_next_a_gpu_is_not_waited_for(optimizer):
    what = Experiment({}, None, "", 1, 16, learning_rate=0.01, optimizer=optimizer)
    net = AlexNet.small().to("cuda")
    rule = optimizer_of(what, net)
    change, calls = random_views(32, 32, padding=4, hole=0.3), 0

    def augment(x, y):
        nonlocal calls
        calls += 1
        torch.cuda.set_sync_debug_mode("error" if 3 < calls < 8 else "default")
        return change(x, y)

    images = RANDOM.integers(256, size=(64, 3, 32, 32), dtype=np.uint8)
    data = resident_batches(images, RANDOM.integers(10, size=64), 16, device="cuda")
    how = {"precision": "bfloat16", "channels_last": True, "clip": 1.0, "schedule": warmup_cosine(rule, 8, 2)}
    try:
        fit(net, data, F.cross_entropy, optimizer=rule, steps=8, evaluate_every=8, augment=augment, **how)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert calls == 8


def test_examples_in_docstrings():
    assert doctest.testmod(step).failed == 0
