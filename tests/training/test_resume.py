"""A run that was killed and resumed ends with the very weights of one that was not."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_pkg.training.augment import both, jiggle, mixup
from course_pkg.training.batches import batches
from course_pkg.training.checkpoint import load_checkpoint, save_checkpoint
from course_pkg.training.loop import fit
from course_pkg.training.schedules import warmup_cosine
from course_pkg.training.stopping import EarlyStopping


class Interrupted(Exception):
    """Stands for the cable that somebody pulled."""


def run(checkpoint, *, interrupt_after=None, steps=12, seed=0, pause=0.0, optimizer=torch.optim.Adam):
    """A run with all that has a state: momentum, schedule, dropout, running means, augmentation, mixup."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(70, 1, 12, 12, generator=generator)
    y = torch.randint(0, 3, (70,), generator=generator)
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(400, 3)
    )
    rule = optimizer(net.parameters(), lr=0.01)
    calls = 0

    def loss(scores, truth):
        nonlocal calls
        calls += 1
        if interrupt_after is not None and calls > interrupt_after:
            raise Interrupted
        time.sleep(pause)
        return F.cross_entropy(scores, truth)

    history = fit(
        net,
        batches(x, y, batch_size=16, seed=seed),  # four batches an epoch, two to an update
        loss,
        optimizer=rule,
        steps=steps,
        schedule=warmup_cosine(rule, steps, warmup=2),
        accumulate=2,
        augment=both(jiggle(), mixup(0.4, classes=3)),
        evaluate=lambda net: {"error": (net(x).argmax(dim=1) != y).double().mean()},
        evaluate_every=3,
        early_stopping=EarlyStopping("error", patience=100),
        checkpoint=checkpoint,
        checkpoint_every=1,
        seed=seed,
    )
    return net, history


def assert_same_run(one, other):
    for (name, a), b in zip(one[0].state_dict().items(), other[0].state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    assert one[1].steps.tolist() == other[1].steps.tolist()
    for name, values in one[1].metrics.items():
        assert values.tobytes() == other[1].metrics[name].tobytes(), name


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9)])
def test_interrupted_again_and_again(tmp_path, optimizer):
    whole = run(None, optimizer=optimizer)
    file = tmp_path / "new" / "a.pt"
    # in the middle of updates, between them, in the middle of epochs
    for calls in (1, 3, 5, 4, 2):
        with pytest.raises(Interrupted):
            run(file, interrupt_after=calls, optimizer=optimizer)
    assert_same_run(run(file, optimizer=optimizer), whole)


def test_random_numbers_drawn_in_between_do_not_matter(tmp_path):
    whole = run(None)
    with pytest.raises(Interrupted):
        run(tmp_path / "a.pt", interrupt_after=9)
    torch.rand(100)
    assert_same_run(run(tmp_path / "a.pt"), whole)


def test_a_finished_run_is_not_run_again(tmp_path):
    whole = run(tmp_path / "a.pt")
    assert_same_run(run(tmp_path / "a.pt", interrupt_after=0), whole)


KILLED = """
import sys
import torch
torch.set_num_threads(1)
sys.path.insert(0, {folder!r})
from test_resume import run
print("ready", flush=True)
run({checkpoint!r}, pause=0.2)
"""


def test_killed(tmp_path):
    """`kill -9` in the middle, twice, in a process of its own."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = run(None)
        file = tmp_path / "a.pt"
        script = KILLED.format(folder=os.path.dirname(__file__), checkpoint=str(file))
        reached = []
        for _ in range(2):
            before = file.stat().st_mtime_ns if file.exists() else 0
            with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)]) as process:
                while process.poll() is None and (not file.exists() or file.stat().st_mtime_ns == before):
                    time.sleep(0.005)
                assert process.poll() is None, "the run ended before it was killed"
                process.send_signal(signal.SIGKILL)
            assert process.returncode == -signal.SIGKILL
            reached.append(torch.load(file, weights_only=True)["progress"]["step"])
        assert 0 < reached[0] < reached[1] < 12
        assert_same_run(run(file), whole)
    finally:
        torch.set_num_threads(threads)


def test_what_is_left_when_writing_fails(tmp_path, monkeypatch):
    file, net = tmp_path / "a.pt", nn.Linear(2, 3)
    save_checkpoint(file, {"model": net}, {"step": 1}, {})

    def full_disk(whole, out):
        out.write(b"half a checkp")
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_checkpoint(file, {"model": net}, {"step": 2}, {})
    assert load_checkpoint(file, {"model": net}, {}) == {"step": 1}
    assert [left.name for left in tmp_path.iterdir()] == ["a.pt"]


def test_a_cut_file_is_refused(tmp_path):
    file, net = tmp_path / "a.pt", nn.Linear(2, 3)
    save_checkpoint(file, {"model": net}, {"step": 1}, {})
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"a\.pt is not a checkpoint .*remove it to start anew"):
        load_checkpoint(file, {"model": net}, {})


def test_a_file_cannot_run_code(tmp_path):
    torch.save({"parts": os.system}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="is not a checkpoint"):
        load_checkpoint(tmp_path / "a.pt", {}, {})


def test_another_run_is_refused(tmp_path):
    run(tmp_path / "a.pt", steps=3)
    with pytest.raises(ValueError, match=r"seed: got 1, expected 0, with which .*a\.pt was written"):
        run(tmp_path / "a.pt", steps=3, seed=1)
    with pytest.raises(ValueError, match=r"holds .* expected"):
        load_checkpoint(
            tmp_path / "a.pt",
            {"model": nn.Linear(2, 3)},
            {"seed": 0, "precision": "float32", "accumulate": 2, "batches": 4},
        )
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "b.pt", {}, {})
