"""An experiment: networks, what they learn, and by which settings; run from several seeds, and stored."""

import functools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from course_pkg._validate import choice
from course_pkg.training.augment import Augment
from course_pkg.training.batches import Batches
from course_pkg.training.cards import save_weights, write_json
from course_pkg.training.distributed import from_first, here
from course_pkg.training.distributed.replicas import is_sharded, shard_weights, whole_weights
from course_pkg.training.held_out import HeldOut
from course_pkg.training.loop import fit
from course_pkg.training.outcome import Result, card_of, curve_of, mark_of, measure
from course_pkg.training.precision import best_device, device_of
from course_pkg.training.records import History
from course_pkg.training.schedules import warmup_cosine
from course_pkg.training.together import one_per_seed

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD with momentum 0.9": lambda parameters, **rest: torch.optim.SGD(
        parameters, momentum=0.9, nesterov=True, **rest
    ),
    "AdamW": torch.optim.AdamW,
}


class Task(NamedTuple):
    """What a network is to learn, and how well it has."""

    data: str
    """What it learns from and is tested on, in words."""
    data_sha256: str
    """Hash of that."""
    batches: Callable[[int, int], Batches]
    """Given a batch size and a seed, the batches to train on."""
    loss: Callable[[Any, Any], torch.Tensor]
    """Of an answer and the truth."""
    measure: Callable[[nn.Module], Mapping[str, float]]
    """Figures on the test set, by name."""
    watch: Callable[[nn.Module], Mapping[str, float]] | None = None
    """Figures that are cheap enough to draw a learning curve; `measure` if None."""
    held_out: HeldOut | None = None
    """The examples that it is tested on, to be looked at; None where nobody asked for them yet."""


@dataclass(frozen=True)
class Experiment:
    """What `python -m course_pkg train NAME` does."""

    networks: Mapping[str, Callable[[], nn.Module]]
    """Makes a fresh network, by name."""
    task: Callable[[str], Task]
    """What the network of this name is to learn. It loads the data, so call it only when you need it."""
    metric: str
    """Which of the figures that `measure` gives counts."""
    steps: int
    """Updates."""
    batch_size: int
    learning_rate: float
    """The highest; it falls to 0 along half a cosine."""
    optimizer: str = "AdamW"
    """One of `OPTIMIZERS`."""
    weight_decay: float = 0.0
    warmup: int = 0
    """Updates in which the learning rate rises."""
    clip: float | None = None
    """Greatest length of a gradient."""
    precision: str = "float32"
    """Of the network's arithmetic, as in `fit`."""
    channels_last: bool = False
    """Whether images are laid out pixel by pixel, as in `fit`."""
    compiled: bool = False
    """Whether the network is compiled, as in `fit`."""
    sharding: str = "none"
    """How weights are split among several processes, as in `shard_weights`."""
    augment: Callable[[], Augment] | None = None
    """Makes the augmentation."""
    augmentation: str = "none"
    """The same in words."""
    seeds: Sequence[int] = (0, 1, 2)
    records: int = 20
    """How many points a learning curve has."""
    checkpoints: int | None = None
    """How many checkpoints a run writes; as many as records if None."""
    first: Callable[[Any, int, float], None] | None = None
    """Given a fresh network, a seed and the share of the steps to take, what it learns before all this."""
    first_in_words: str = "nothing"
    """The same in words."""
    notes: str = ""
    """What a reader of the card should know besides."""

    def settings(self, steps: int | None = None) -> dict[str, Any]:
        """All that was chosen, plain data, for the card."""
        before = {"first": self.first_in_words} if self.first else {}
        arithmetic = {
            name: getattr(self, name)
            for name in ("precision", "channels_last", "compiled", "sharding")
            if getattr(self, name) != getattr(Experiment, name)
        }
        return before | {
            "steps": steps or self.steps,
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "schedule": f"{self.warmup} steps of warm-up, then half a cosine to 0",
            "weight_decay": self.weight_decay,
            "clip": self.clip,
            "augmentation": self.augmentation,
            **arithmetic,
        }


def train_once(
    experiment: Experiment,
    network: str,
    seed: int = 0,
    *,
    task: Task | None = None,
    steps: int | None = None,
    checkpoint: str | Path | None = None,
    log: Callable[[int, Mapping[str, float]], None] | None = None,
    progress: bool = False,
) -> tuple[nn.Module, History]:
    """Train one network of an experiment from one seed: in full, or for fewer steps.

    A shorter run has the same settings; its learning rate falls to 0 at its own end.

    Parameters
    ----------
    experiment
        Such as `EXPERIMENTS["lenet"]`.
    network
        One of its networks.
    seed
        Of start, order of the examples, dropout and augmentation.
    task
        If given, not loaded again.
    steps
        Updates; those of the experiment if not given.
    checkpoint, log, progress
        As in `fit`.

    Returns
    -------
    model : nn.Module
        The trained network, in evaluation mode.
    history : History
        The learning curve.

    Raises
    ------
    ValueError
        If the experiment has no such network.

    Examples
    --------
    >>> from course_pkg.training.experiments import EXPERIMENTS
    >>> net, history = train_once(EXPERIMENTS["lenet"], "modern", steps=2)
    >>> history.steps.tolist()
    [0, 1, 2]
    """
    build = experiment.networks[choice("network", network, experiment.networks)]
    task = task or experiment.task(network)
    steps = steps or experiment.steps
    (model,) = one_per_seed(build, [seed])
    model.to(best_device())
    if experiment.first is not None and not (checkpoint and from_first(Path(checkpoint).exists)):
        experiment.first(model, seed, steps / experiment.steps)
    shard_weights(model, experiment.sharding)
    optimizer = optimizer_of(experiment, model)
    history = fit(
        model,
        task.batches(experiment.batch_size, seed),
        task.loss,
        optimizer=optimizer,
        steps=steps,
        schedule=warmup_cosine(optimizer, steps, min(experiment.warmup, steps - 1)),
        precision=experiment.precision,
        channels_last=experiment.channels_last,
        compiled=experiment.compiled,
        clip=experiment.clip,
        augment=experiment.augment() if experiment.augment else None,
        evaluate=task.watch or task.measure,
        evaluate_every=max(1, steps // experiment.records),
        checkpoint=checkpoint,
        checkpoint_every=max(1, steps // (experiment.checkpoints or experiment.records)),
        log=log,
        seed=seed,
        progress=progress,
    )
    if is_sharded(model):
        weights, model = whole_weights(model), build().to(best_device())
        model.load_state_dict(weights)
    return model.eval(), history


def optimizer_of(
    experiment: Experiment, model: nn.Module, fused: bool | None = None
) -> torch.optim.Optimizer:
    """The optimiser of an experiment for the parameters of a network.

    Parameters
    ----------
    experiment
        Says which, learning rate and weight decay.
    model
        A network.
    fused
        Whether all parameters are updated in one go; if not given, where they lie on a GPU, whole: of split
        ones PyTorch cannot.

    Examples
    --------
    >>> from course_pkg.training.experiments import EXPERIMENTS
    >>> optimizer_of(EXPERIMENTS["lenet"], nn.Linear(2, 3)).defaults["lr"]
    0.003
    """
    if fused is None:
        fused = device_of(model).type == "cuda" and not is_sharded(model)
    rates = {"lr": experiment.learning_rate, "weight_decay": experiment.weight_decay}
    return OPTIMIZERS[experiment.optimizer](model.parameters(), **rates, fused=fused or None)


def run_experiment(
    name: str,
    experiment: Experiment,
    out: str | Path,
    work: str | Path,
    *,
    steps: int | None = None,
    seeds: Sequence[int] | None = None,
    networks: Sequence[str] | None = None,
) -> None:
    """Train the networks of an experiment from all seeds, and store what came of it.

    Of each network the weights of the first seed are stored, with a card that tells the figures of all
    seeds, and the learning curves of all seeds. An interrupted run goes on where it was. Of several processes
    the first one measures and stores.

    Parameters
    ----------
    name
        Of the experiment.
    experiment
        What to do.
    out
        Folder for `NETWORK.safetensors`, its card `NETWORK.json`, and `curves.json`.
    work
        Folder for checkpoints; those of a finished run are removed.
    steps
        Updates, if not those of the experiment.
    seeds
        If not those of the experiment.
    networks
        If not all of the experiment. What is stored of the others stays.

    Raises
    ------
    ValueError
        If the experiment has no such network.

    Notes
    -----
    The first seed's weights, not the best seed's: the figures in the card are what a reader may expect.
    """
    out, work = Path(out), Path(work)
    seeds = list(experiment.seeds if seeds is None else seeds)
    settings = experiment.settings(steps)
    chosen = [choice("networks", each, experiment.networks) for each in networks or experiment.networks]
    checkpoints = []
    for network in chosen:
        task, build = experiment.task(network), experiment.networks[network]
        results: dict[str, Result] = {}
        mark = mark_of(experiment, task, settings, build())
        for seed in seeds:
            print(f"{name}, {network}, seed {seed}: {settings['steps']:,} steps", flush=True)
            checkpoints.append(work / f"{network}_seed{seed}_{mark}.pt")  # other settings have another file
            resumed, start = checkpoints[-1].exists(), time.perf_counter()
            model, history = train_once(
                experiment, network, seed, task=task, steps=steps, checkpoint=checkpoints[-1], progress=True
            )
            minutes = None if resumed else round((time.perf_counter() - start) / 60, 2)
            figures = from_first(functools.partial(measure, task, model))
            results[str(seed)] = Result(model, history, figures, minutes)
            print(f"  {results[str(seed)].figures}", flush=True)
            if here().rank > 0:
                continue
            # after each seed: whoever waits for the weights has them early
            card = {"experiment": name, "network": network, **card_of(experiment, task, settings, results)}
            save_weights(out / f"{network}.safetensors", results[str(seeds[0])].model.state_dict(), card)
            curves = {seed: curve_of(each.history) for seed, each in results.items()}
            write_json(out / "curves.json", _stored(out / "curves.json", experiment) | {network: curves})
    for checkpoint in checkpoints if here().rank == 0 else []:
        checkpoint.unlink(missing_ok=True)


def _stored(curves: Path, experiment: Experiment) -> dict[str, Any]:
    stored = json.loads(curves.read_text(encoding="utf-8")) if curves.exists() else {}
    return {network: stored[network] for network in experiment.networks if network in stored}
