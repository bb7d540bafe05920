"""One turn of training in one way: so many steps, timed, by `fit` or by a tutorial's loop."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.training.batches import Batch, Epochs
from course_pkg.training.experiment import OPTIMIZERS, Experiment, optimizer_of
from course_pkg.training.full.profiles import tuned
from course_pkg.training.loop import fit
from course_pkg.training.resident import resident_batches
from course_pkg.training.speed.plain import PillowImages, loader, train_plainly
from course_pkg.training.speed.stopwatch import Stopwatch, Watched

IMAGES, SHAPE, CLASSES = 50_000, (3, 32, 32), 10  # as CIFAR-10 has them to train on
RATE = 1e-4  # so small a learning rate that no number grows large


@dataclass(frozen=True)
class Way:
    """A way to train."""

    plain: bool = False
    """By a tutorial's loop; else by `fit`, from images that lie on the device."""
    random: bool = False
    """On one batch of random numbers that lies on the device, so that there is nothing to wait for."""
    precision: str = "float32"
    """As in `fit`, and so the two below."""
    channels_last: bool = False
    compiled: bool = False


@dataclass(frozen=True)
class Job:
    """A network to train for a few steps in several ways."""

    experiment: Experiment
    """Whose optimiser, clipping and augmentation are used."""
    network: str
    """One of its networks; it has an `input_size`."""
    batch_size: int
    warm: int
    """Steps at the start of each turn that do not count."""
    steps: int
    """Steps of each turn that count."""
    rounds: int
    """How often each way has its turn."""
    ours: Way
    """The course's way to train it."""
    ladder: bool
    """Whether to take the steps from a tutorial's way to the course's one by one."""


class Turn(NamedTuple):
    """What one turn gave."""

    seconds: float
    """A step."""
    parts: Mapping[str, float]
    """Seconds of each part of a step."""


Started = tuple[nn.Module, torch.optim.Optimizer]


@cache
def made_up_images() -> tuple[np.ndarray, np.ndarray]:
    """Bytes at random, (50000, 3, 32, 32), and classes: no step takes longer for what an image shows."""
    random = np.random.default_rng(0)
    return random.integers(256, size=(IMAGES, *SHAPE), dtype=np.uint8), random.integers(CLASSES, size=IMAGES)


def start(job: Job, way: Way, device: torch.device) -> Started:
    """A fresh network, and the optimiser that trains it in this way."""
    torch.manual_seed(0)
    model = job.experiment.networks[job.network]().to(device)
    experiment = replace(job.experiment, learning_rate=RATE)
    if not way.plain:
        return model, optimizer_of(experiment, model)
    rule = OPTIMIZERS[experiment.optimizer]  # the same, as PyTorch has it if nobody asks for more
    return model, rule(model.parameters(), lr=RATE, weight_decay=experiment.weight_decay)


def take_turn(job: Job, way: Way, started: Started, device: torch.device) -> Turn:
    """Train for as many steps as a turn of this job has.

    Parameters
    ----------
    job
        What to train, and for how long.
    way
        In which way.
    started
        From `start`, or trained a while.
    device
        Where to compute.

    Raises
    ------
    torch.OutOfMemoryError
        If a tutorial's loop needs more memory than there is; `fit` takes smaller pieces then.
    """
    watch = Stopwatch(device, skip=job.warm)
    if way.plain:
        model, optimizer = started
        batches = _plain_batches(job, way, model, device)
        steps = job.warm + job.steps
        train_plainly(model, batches, optimizer, steps=steps, watch=watch)
    else:
        _fit(job, way, started, watch)
    return Turn(watch.stop(), watch.parts())


def _plain_batches(job: Job, way: Way, model: Any, device: torch.device) -> Iterable[Any]:
    if way.random:
        return [_random_batch(model, job.batch_size, device)]
    images = PillowImages(*made_up_images(), size=model.input_size[1], padding=4)
    return loader(images, job.batch_size, device)


def _fit(job: Job, way: Way, started: Started, watch: Stopwatch) -> None:
    """`fit`, watched through what it is given: its batches, augmentation, loss and optimiser."""
    model, optimizer = started
    source: Epochs
    if way.random:
        source, change = _Same(*_random_batch(model, job.batch_size, watch.device)), None
    else:
        source = resident_batches(*made_up_images(), job.batch_size, device=watch.device)
        change = job.experiment.augment() if job.experiment.augment else None
    begun = False

    def asked() -> None:
        nonlocal begun
        if begun:
            watch.end_step()  # the one before
        begun = True

    def augment(x: Any, y: Any) -> Batch:
        watch.mark("rest")  # the gradients of the step before were cleared
        if change is None:
            return x, y
        changed = change(x, y)
        watch.mark("augmentation")
        return changed

    def loss(answer: Any, truth: Any) -> torch.Tensor:
        error = F.cross_entropy(answer, truth)
        watch.mark("forward")
        return error

    with tuned("full"), _around_updates(optimizer, watch):
        fit(
            model,
            Watched(source, asked, lambda: watch.mark("data")),
            loss,
            optimizer=optimizer,
            steps=job.warm + job.steps,
            precision=way.precision,
            channels_last=way.channels_last,
            compiled=way.compiled,
            clip=job.experiment.clip,
            augment=augment,
            evaluate_every=job.warm + job.steps,
        )
    watch.end_step()


@contextlib.contextmanager
def _around_updates(optimizer: torch.optim.Optimizer, watch: Stopwatch) -> Iterator[None]:
    """Within this context the ends of the backward pass and of the update are marked."""

    def mark(part: str) -> Callable[..., None]:
        return lambda *anything: watch.mark(part)

    hooks = [
        optimizer.register_step_pre_hook(mark("backward")),
        optimizer.register_step_post_hook(mark("optimiser")),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _random_batch(model: Any, batch_size: int, device: torch.device) -> Batch:
    x = torch.rand(batch_size, *model.input_size, device=device)
    return x, torch.randint(CLASSES, (batch_size,), device=device)


@dataclass(frozen=True)
class _Same:
    """One batch, again and again."""

    x: torch.Tensor
    y: torch.Tensor

    def __len__(self) -> int:
        return IMAGES // len(self.x)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        for _ in range(start, len(self)):
            yield self.x, self.y
