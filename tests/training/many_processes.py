"""What test_distributed.py runs under `torchrun`: training runs, and what each process saw of them.

torchrun … many_processes.py equal|resume FOLDER
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.training.augment import both, mixup
from course_pkg.training.batches import Batches
from course_pkg.training.distributed import from_all, from_first, group, here, own_seed
from course_pkg.training.distributed.replicas import shard_weights, whole_weights
from course_pkg.training.loop import fit
from course_pkg.training.schedules import warmup_cosine
from course_pkg.training.stopping import EarlyStopping

STEPS = 8


def examples():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(46, 2, 12, 12, generator=generator)
    return x, torch.randint(0, 3, (46,), generator=generator)


def network(dropout=0.0, norm=False):
    torch.manual_seed(here().rank)  # each process its own start: that of the first must win
    return nn.Sequential(
        nn.Conv2d(2, 4, 3),
        nn.BatchNorm2d(4) if norm else nn.Identity(),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(400, 9),
        nn.Tanh(),
        nn.Linear(9, 3),
    )


def whole_batches(seen=None):
    """Four batches an epoch, of 11 and 12 examples: not divisible by 2, by 4 or by either."""
    x, y = examples()

    def read(which):
        if seen is not None:
            seen.extend(which.tolist())
        return x[which], y[which]

    return Batches(read, len(x), batch_size=14, seed=3, complete=True)


def short_of_memory(net, inputs):
    """What the second process does with more than two examples at a time, in training."""
    if net.training and here().rank == 1 and len(inputs[0]) > 2:
        raise torch.OutOfMemoryError("pretended")


def equal(sharding="none", seen=None, evaluated=None, logged=None, before=None):
    """A run without any chance in it, but with momentum, a schedule, accumulation, clipping and stopping.

    Split weights come pixel by pixel, as from a training before, and images go to them in this way, too.
    """
    x, y = examples()
    net = network()
    if sharding != "none":
        net.to(memory_format=torch.channels_last)
    if before is not None:
        net.register_forward_pre_hook(before)
    shard_weights(net, sharding)
    rule = torch.optim.AdamW(net.parameters(), lr=0.02, weight_decay=0.1)

    def evaluate(net):
        if evaluated is not None:
            evaluated.append(net.training)
        return {"error": (net(x).argmax(dim=1) != y).double().mean()}

    history = fit(
        net,
        whole_batches(seen),
        F.cross_entropy,
        optimizer=rule,
        steps=STEPS,
        schedule=warmup_cosine(rule, STEPS, warmup=2),
        channels_last=sharding != "none",
        accumulate=2,
        clip=0.05,
        evaluate=evaluate,
        evaluate_every=2,
        early_stopping=EarlyStopping("loss", patience=100),
        log=None if logged is None else lambda step, numbers: logged.append(step),
    )
    return whole_weights(net), history


def brighter(x, y):
    return x * (1 + torch.rand(len(x), 1, 1, 1)), y


def run_with_chance(checkpoint=None, dies_at=None, sharding="none"):
    """A run with all that has a state in each process: dropout, augmentation, mixup, running means."""
    x, y = examples()
    net = network(dropout=0.3, norm=True)
    shard_weights(net, sharding)
    rule = torch.optim.Adam(net.parameters(), lr=0.01)
    calls = 0

    def loss(scores, truth):
        nonlocal calls
        calls += 1
        if calls == dies_at:  # in the middle of an update
            os.kill(os.getpid(), signal.SIGKILL)
        return F.cross_entropy(scores, truth)

    history = fit(
        net,
        whole_batches(),
        loss,
        optimizer=rule,
        steps=STEPS,
        schedule=warmup_cosine(rule, STEPS, warmup=2),
        accumulate=2,
        augment=both(brighter, mixup(0.4, classes=3)),
        evaluate=lambda net: {"error": (net(x).argmax(dim=1) != y).double().mean()},
        evaluate_every=3,
        checkpoint=checkpoint,
        checkpoint_every=1,
        seed=5,
    )
    return whole_weights(net), history


def plain(history):
    """A history as what `torch.load` takes."""
    return {"steps": torch.tensor(history.steps)} | {
        name: torch.tensor(values) for name, values in history.metrics.items()
    }


def first_fails():
    """What the others are told when the first process fails."""
    try:
        from_first(lambda: 1 // 0)
    except (RuntimeError, ZeroDivisionError) as fault:
        return f"{type(fault).__name__}: {fault}"


def check_equal(folder):
    seen, evaluated, logged = [], [], []
    with group() as place:
        weights, history = equal(seen=seen, evaluated=evaluated, logged=logged)
        split, split_history = equal("fully_connected")
        short, short_history = equal(before=short_of_memory)
        torch.manual_seed(own_seed(7))
        drawn = from_all(torch.rand(3).tolist())
        fault = first_fails()
        final = from_all({name: value.double().sum().item() for name, value in weights.items()})
    with group():  # joined again
        again = from_first(lambda: "again")
    mine = {"seen": seen, "evaluated": evaluated, "logged": logged, "fault": fault, "again": again}
    mine |= {"weights": weights, "history": plain(history), "drawn": drawn, "final": final}
    mine |= {"split": split, "split_history": plain(split_history)}
    mine |= {"short": short, "short_history": plain(short_history)}
    torch.save(mine, folder / f"process_{place.rank}.pt")


def attempts_so_far(folder):
    """How often this was started before; notes how far both runs have come by now."""
    file = folder / "attempts.json"
    reached = json.loads(file.read_text()) if file.exists() else []
    checkpoints = [folder / f"{sharding}.pt" for sharding in ("none", "fully_connected")]
    steps = [torch.load(each)["progress"]["step"] if each.exists() else 0 for each in checkpoints]
    file.write_text(json.dumps([*reached, steps]))
    return len(reached)


def check_resume(folder):
    """Process 1 is killed in one run; when `torchrun` has started all again, process 0 in another one."""
    with group() as place:
        attempt = from_first(lambda: attempts_so_far(folder))
        victim = {0: ("none", 1), 1: ("fully_connected", 0)}.get(attempt)
        results = {}
        for sharding in ("none", "fully_connected"):
            dies = (sharding, place.rank) == victim
            weights, history = run_with_chance(folder / f"{sharding}.pt", 5 if dies else None, sharding)
            results[sharding] = [weights, plain(history)]
            weights, history = run_with_chance(sharding=sharding)
            results[f"{sharding}, uninterrupted"] = [weights, plain(history)]
        torch.save(results, folder / f"process_{place.rank}.pt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    what, folder = sys.argv[1:]
    {"equal": check_equal, "resume": check_resume}[what](Path(folder))
