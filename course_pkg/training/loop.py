"""The training loop: `fit` trains every network of the course."""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from course_pkg._validate import describe, number, positive_int
from course_pkg.training.batches import Batch, Epochs, stream
from course_pkg.training.checkpoint import Stateful, load_checkpoint, save_checkpoint
from course_pkg.training.distributed import from_first, here, mean_of_all, own_seed
from course_pkg.training.distributed.replicas import (
    agree_on_buffers,
    for_checkpoint,
    gradients_meet,
    is_sharded,
    set_weights,
    side_by_side,
)
from course_pkg.training.distributed.shards import shard
from course_pkg.training.logs import Log
from course_pkg.training.precision import device_of, forward_in, gradient_scaler, in_tree
from course_pkg.training.randomness import seeded
from course_pkg.training.records import History, Records
from course_pkg.training.step import Backward, forwards
from course_pkg.training.stopping import EarlyStopping


def fit(
    model: nn.Module,
    batches: Epochs,
    loss: Callable[[Any, Any], torch.Tensor],
    *,
    optimizer: torch.optim.Optimizer,
    steps: int | None = None,
    epochs: int | None = None,
    schedule: LRScheduler | None = None,
    device: str | torch.device | None = None,
    precision: str = "float32",
    channels_last: bool = False,
    compiled: bool | str = False,
    accumulate: int = 1,
    clip: float | None = None,
    augment: Callable[[Any, Any], Batch] | None = None,
    evaluate: Callable[[Any], Mapping[str, Any]] | None = None,
    evaluate_every: int | None = None,
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    log: Log | None = None,
    seed: int = 0,
    progress: bool = False,
) -> History:
    """Train a network in place.

    What comes out is a function of what goes in: random numbers, such as those of dropout and augmentation,
    start from `seed`, the order of the examples from that of `batches`. The global generators are left as
    they were.

    When memory does not suffice for a batch, its gradients are computed in two, four, … pieces from then on.

    In a group of processes (`course_pkg.training.distributed.group`) each computes the gradients of its part
    of every batch, and all take the same step, that of the whole batch. The first process alone evaluates,
    logs, saves and shows its progress, while the others wait. Each draws its own random numbers.

    Parameters
    ----------
    model
        The network.
    batches
        What it learns from, such as `course_pkg.training.batches.batches(x, y, batch_size)`.
    loss
        Called with the network's answer and what it should have been; gives the number to make small, a mean
        over the batch.
    optimizer
        One of `torch.optim`, made for the parameters of `model`.
    steps, epochs
        How long: so many updates, or so often all batches. Exactly one of the two.
    schedule
        One of `torch.optim.lr_scheduler`, or `warmup_cosine`; takes a step after each update.
    device
        Where to compute, for example "cuda"; if not given, where the network is.
    precision
        "float32"; "bfloat16"; or on a GPU "float16". See `forward_in`.
    channels_last
        Whether images and the weights of convolutions are laid out pixel by pixel, which GPUs like best in
        16 bits. Weights that are split stay as they are.
    compiled
        Whether `torch.compile` makes the network faster; the name of one of its backends stands for True.
        Where it fails, the network is used as it is.
    accumulate
        Batches to an update: as one batch that many times as large, in the memory of one. (Batch
        normalisation still sees the small ones.)
    clip
        If given, gradients that are longer than this, all parameters taken together, are cut to this length.
    augment
        Called with each batch (x, y) on the device; gives the batch to train on. See `augment` and `mixup` in
        `course_pkg.training.augment`.
    evaluate
        Called with the network in evaluation mode, without gradients; gives numbers by name to record.
    evaluate_every
        Updates between two records; an epoch if not given. There is a record at the start and one at the end.
    early_stopping
        When to end before that.
    checkpoint
        A file. If it exists, training goes on from it, and ends with the very weights it would have had
        without an interruption. It is written anew as training goes on.
    checkpoint_every
        Updates between two checkpoints; as `evaluate_every` if not given.
    log
        Called with the step and the numbers of each record; see `tensorboard_log`.
    seed
        Of the random numbers.
    progress
        Show a progress bar on the standard error stream.

    Returns
    -------
    History
        The records: loss, learning rate and what `evaluate` gave; the same in all processes.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or makes no sense, or the checkpoint is of another run.

    Examples
    --------
    >>> from course_pkg.training.batches import batches
    >>> x = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(10, 1)
    >>> y = torch.tensor([0, 1]).repeat(10)
    >>> net = nn.Linear(2, 2)
    >>> sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    >>> wrong = lambda net: {"wrong": (net(x).argmax(dim=1) != y).sum()}
    >>> history = fit(net, batches(x, y, 5), nn.functional.cross_entropy, optimizer=sgd, epochs=10,
    ...               evaluate=wrong, evaluate_every=20)
    >>> history.steps.tolist(), history.metrics["wrong"][-1]
    ([0, 20, 40], np.float64(0.0))
    """
    _check(model, batches, loss, optimizer)
    accumulate = positive_int("accumulate", accumulate)
    updates_an_epoch = max(1, len(batches) // accumulate)
    steps = _updates(steps, epochs, updates_an_epoch)
    record_every = _every("evaluate_every", evaluate_every, updates_an_epoch)
    save_every = _every("checkpoint_every", checkpoint_every, record_every)
    clip = None if clip is None else number("clip", clip, positive=True)
    device = device_of(model) if device is None else torch.device(device)
    model.to(device)
    if channels_last and not is_sharded(model):  # whose shares must lie row by row
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if precision == "float16" and is_sharded(model):
        raise ValueError("precision: got 'float16' for split weights, expected 'bfloat16' or 'float32'")
    place, replica = here(), side_by_side(model)
    forward, uncompiled = forwards(replica, precision, device, compiled)
    scaler = gradient_scaler(precision, device)
    meet = functools.partial(gradients_meet, replica)
    backward = Backward(
        forward, uncompiled, loss, optimizer, scaler, device, augment, channels_last, meet=meet
    )

    records = Records()
    parts: dict[str, Stateful] = {
        **for_checkpoint(model, optimizer),
        "scaler": scaler,
        "records": records,
    }
    if schedule is not None:
        parts["schedule"] = schedule
    settings = {"seed": seed, "precision": precision, "accumulate": accumulate, "batches": len(batches)}
    if place.processes > 1:
        settings["processes"] = place.processes  # each has random numbers of its own in a checkpoint

    def record() -> None:
        before = records.steps[-1] if records.steps else 0
        mean_loss = mean_of_all(running) / (step - before) if step > before else float("nan")
        numbers = {"loss": mean_loss, "learning_rate": optimizer.param_groups[0]["lr"]}
        records.add(step, numbers | ({} if evaluate is None else _measure(model, evaluate, taken=numbers)))
        records.keep_best(model, early_stopping)
        single = records.single_numbers()
        bar.set_postfix({name: f"{value:.4g}" for name, value in single.items()})
        if log is not None and place.rank == 0:
            log(step, single)

    bar = tqdm(total=steps, disable=not progress or place.rank > 0, mininterval=0.5)
    with bar, seeded(own_seed(seed)), _training(model):
        step, running = 0, torch.zeros((), device=device)  # running: sum of the losses since the last record
        if checkpoint is not None and from_first(Path(checkpoint).exists):
            reached = load_checkpoint(checkpoint, parts, settings)
            step, running = reached["step"], reached["running"].to(device)
            backward.pieces = reached.get("pieces", 1)
            bar.update(step)
        else:
            record()
        coming = stream(shard(batches, place), start=step * accumulate)
        if place.processes > 1 and not is_sharded(model) and step < steps:
            first = [next(coming) for _ in range(accumulate)]
            backward.settle(model, forward_in(precision, model, device), first)
            coming = itertools.chain(first, coming)
        while step < steps and not records.over(early_stopping):
            running += backward([next(coming) for _ in range(accumulate)])
            if clip is not None:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            scaler.step(optimizer)
            scaler.update()
            if schedule is not None:
                schedule.step()
            step += 1
            bar.update()
            if step % record_every == 0 or step == steps:
                record()
                running = torch.zeros((), device=device)
            if checkpoint is not None and (step % save_every == 0 or step == steps):
                reached = {"step": step, "running": running.cpu(), "pieces": backward.pieces}
                save_checkpoint(checkpoint, parts, reached, settings)
    if early_stopping is not None:
        set_weights(model, records.best_weights)
    agree_on_buffers(model)
    return records.history(early_stopping)


def _check(model: Any, batches: Any, loss: Any, optimizer: Any) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: got {describe(model)}, expected a torch.nn.Module")
    if not (hasattr(batches, "epoch") and hasattr(batches, "__len__")):
        raise TypeError(f"batches: got {describe(batches)}, expected Batches")
    if not callable(loss):
        raise TypeError(f"loss: got {describe(loss)}, expected a function of answer and truth")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer: got {describe(optimizer)}, expected one of torch.optim")
    trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not any(id(p) in trained for p in model.parameters()):
        raise ValueError("optimizer: got one with none of the model's parameters, expected one made for them")


def _updates(steps: int | None, epochs: int | None, updates_an_epoch: int) -> int:
    if steps is not None and epochs is None:
        return positive_int("steps", steps)
    if epochs is not None and steps is None:
        return positive_int("epochs", epochs) * updates_an_epoch
    raise ValueError(f"steps, epochs: got {steps} and {epochs}, expected exactly one of the two")


def _every(name: str, updates: int | None, otherwise: int) -> int:
    return otherwise if updates is None else positive_int(name, updates)


@contextlib.contextmanager
def _training(model: nn.Module) -> Iterator[None]:
    """Training mode within, and afterwards the mode it was in."""
    before = model.training
    model.train()
    try:
        yield
    finally:
        model.train(before)


def _measure(
    model: nn.Module, evaluate: Callable[[Any], Mapping[str, Any]], taken: Mapping[str, Any]
) -> dict[str, Any]:
    def measure() -> dict[str, Any]:
        with torch.no_grad():
            return in_tree(dict(evaluate(model)), lambda tensor: tensor.cpu())

    model.eval()
    if is_sharded(model):
        everywhere = measure()  # whole layers are put together in all processes at a time
        measured = from_first(lambda: everywhere)
    else:
        measured = from_first(measure)
    model.train()
    if measured.keys() & taken.keys():
        raise ValueError(f"evaluate: got {', '.join(measured)}, expected other names than {', '.join(taken)}")
    return measured
