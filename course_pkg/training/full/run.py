"""Train one of the large networks, and write down what came of it, where and how fast."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from course_pkg._validate import choice
from course_pkg.data.registry import DataUnavailable
from course_pkg.training.cards import save_weights
from course_pkg.training.distributed import from_first, here
from course_pkg.training.experiment import Experiment, Task, train_once
from course_pkg.training.full import classifiers, scenes
from course_pkg.training.full.profiles import (
    Profile,
    as_profile,
    hardware,
    peak_memory,
    refuse_without_gpu,
    tuned,
)
from course_pkg.training.outcome import Result, card_of, curve_of, mark_of, measure
from course_pkg.training.records import History

WORK = Path("_build/gpu")
Make = Callable[[str, str, Profile, Path | None], Experiment]  # of name, data, profile and folder
NETWORKS: dict[str, Make] = {
    "alexnet": classifiers.experiment,
    "vgg": classifiers.experiment,
    "yolo": scenes.experiment,
    "deconvnet": scenes.experiment,
}
USUAL_DATA: dict[str, Mapping[Profile, str]] = {
    "alexnet": {"full": "cifar10", "smoke": "digits"},
    "vgg": {"full": "cifar10", "smoke": "digits"},
    "yolo": {"full": "stamps", "smoke": "digits"},
    "deconvnet": {"full": "stamps", "smoke": "digits"},
}


class FullRun(NamedTuple):
    """What came of `run_full`."""

    model: nn.Module
    """The trained network, in evaluation mode."""
    history: History
    """Its learning curve."""
    card: dict[str, Any]
    """Data, settings, figures, hardware, time and memory, as they are stored beside the weights."""
    experiment: Experiment
    """What was done."""


def full_experiment(
    name: str,
    *,
    data: str | None = None,
    profile: str | None = None,
    folder: str | Path | None = None,
) -> Experiment:
    """What `run_full` does: the network, what it learns and by which settings.

    Parameters
    ----------
    name
        "alexnet", "vgg", "yolo" or "deconvnet".
    data
        Which set; if not given, in full one that must be fetched, else one that is embedded. See
        `course_pkg.training.full.classifiers.experiment` and `course_pkg.training.full.scenes.experiment`.
    profile
        "full", on a GPU, or "smoke", the small network for a minute; if not given, as this machine can.
    folder
        Where the set was unpacked, if it was not fetched.

    Returns
    -------
    Experiment
        With one network, `name`. Its data is not loaded yet.

    Raises
    ------
    ValueError
        If there is no such network, set or profile.

    Examples
    --------
    >>> full_experiment("alexnet", profile="smoke").batch_size
    50
    """
    make, chosen = NETWORKS[choice("name", name, NETWORKS)], as_profile(profile)
    return make(name, data or USUAL_DATA[name][chosen], chosen, None if folder is None else Path(folder))


def run_full(
    name: str,
    *,
    data: str | None = None,
    profile: str | None = None,
    folder: str | Path | None = None,
    seed: int = 0,
    steps: int | None = None,
    out: str | Path | None = None,
    anyway: bool = False,
    progress: bool = True,
) -> FullRun:
    """Train a network of `full_experiment`, and store its weights with a card.

    They lie in `OUT/NAME/PROFILE/DATA.safetensors` and `.json`. A run that was interrupted goes on where it
    was when it is started again.

    Parameters
    ----------
    name, data, profile, folder
        As in `full_experiment`.
    seed
        Of start, order of the examples, dropout and augmentation.
    steps
        Updates, if not those of the experiment.
    out
        Folder for results; `_build/gpu` if not given.
    anyway
        Whether to train in full even without a GPU.
    progress
        Show a progress bar on the standard error stream.

    Returns
    -------
    FullRun

    Raises
    ------
    NeedsGPU
        If a full run was asked for where there is no GPU.
    DataUnavailable
        If the data is not there, or not what it should be; the message says what to do.
    ValueError
        If there is no such network, set or profile.
    """
    chosen = as_profile(profile)
    experiment = full_experiment(name, data=data, profile=chosen, folder=folder)
    refuse_without_gpu(name, chosen, anyway)
    data = data or USUAL_DATA[name][chosen]
    card = {"experiment": name, "network": name, "profile": chosen, "set": data}
    file = Path(out or WORK) / name / chosen / f"{data}.safetensors"
    with tuned(chosen):
        return _run(file, card, experiment, _task(experiment, name), seed, steps, progress)


def _task(experiment: Experiment, name: str) -> Task:
    try:
        return experiment.task(name)
    except (FileNotFoundError, ValueError) as fault:  # files that are missing or damaged, each named
        raise DataUnavailable(f"the data of {name} cannot be read: {fault}") from fault


def _run(
    file: Path,
    card: dict[str, Any],
    experiment: Experiment,
    task: Task,
    seed: int,
    steps: int | None,
    progress: bool,
) -> FullRun:
    name, settings = card["network"], experiment.settings(steps)
    mark = mark_of(experiment, task, settings, experiment.networks[name]())
    checkpoint = file.with_name(f"{file.stem}_seed{seed}_{mark}.pt")  # other settings have another one
    clock = _Clock(checkpoint.with_suffix(".seconds.json"))
    model, history = train_once(
        experiment,
        name,
        seed,
        task=task,
        steps=steps,
        checkpoint=checkpoint,
        log=clock.log,
        progress=progress,
    )
    seen = settings["steps"] * settings["batch_size"]
    figures = from_first(lambda: measure(task, model))
    result = Result(model, history, figures, minutes=round(clock.whole / 60, 2))
    card |= card_of(experiment, task, settings, {str(seed): result}) | {
        "curve": curve_of(history),
        "hardware": hardware(),
        "wall_seconds": round(clock.whole, 1),
        "images_per_second": round(seen / clock.training, 1) if clock.training else None,
        "peak_memory_bytes": peak_memory(),
        "torch": torch.__version__,
        "processes": here().processes,
    }
    if here().rank == 0:
        save_weights(file, model.state_dict(), card)
        for done in (checkpoint, clock.file):
            done.unlink(missing_ok=True)
    return FullRun(model, history, from_first(lambda: card), experiment)


class _Clock:
    """How long a run has taken, all its parts together; what came after a part's last record is lost."""

    def __init__(self, file: Path) -> None:
        self.file = file
        known = json.loads(file.read_text()) if file.exists() else {"whole": 0.0, "training": 0.0}
        self.before = known
        self.started = self.began = time.perf_counter()  # the process, and the training of the network itself
        self.whole, self.training = known["whole"], known["training"]

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        now = time.perf_counter()
        if step == 0:
            self.began = now  # what came first, such as a pretraining, does not count
        self.whole = self.before["whole"] + now - self.started
        self.training = self.before["training"] + now - self.began
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({"whole": self.whole, "training": self.training}))
