"""What came of training runs: figures, learning curves, and the card that goes with the weights."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from course_pkg.training.cards import json_sha256
from course_pkg.training.precision import best_device
from course_pkg.training.records import History

if TYPE_CHECKING:
    from course_pkg.training.experiment import Experiment, Task


class Result(NamedTuple):
    """What came of one run."""

    model: nn.Module
    """The trained network, in evaluation mode."""
    history: History
    """The learning curve."""
    figures: dict[str, float]
    """What `measure` gave."""
    minutes: float | None
    """How long it took; None if that is not known, as of a resumed run."""


def measure(task: "Task", model: nn.Module) -> dict[str, float]:
    """The figures of a trained network on the test set, rounded to five places, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        return {name: float(f"{float(value):.5g}") for name, value in task.measure(model).items()}


def card_of(
    experiment: "Experiment", task: "Task", settings: Mapping[str, Any], results: Mapping[str, Result]
) -> dict[str, Any]:
    """What a reader should know of weights, plain data.

    Parameters
    ----------
    experiment, task
        What was done.
    settings
        As `Experiment.settings` gives them.
    results
        By seed; the weights are those of the first.
    """
    seed, first = next(iter(results.items()))
    means = {name: np.mean([each.figures[name] for each in results.values()]) for name in first.figures}
    return {
        "parameters": sum(p.numel() for p in first.model.parameters()),
        "data": task.data,
        "data_sha256": task.data_sha256,
        "settings": settings,
        "seed": int(seed),
        "metric": experiment.metric,
        "measured": first.figures,
        "all_seeds": {seed: each.figures for seed, each in results.items()},
        "mean": {name: float(f"{mean:.5g}") for name, mean in means.items()},
        "minutes": {seed: each.minutes for seed, each in results.items()},
        "machine": _machine(),
        "notes": experiment.notes,
    }


def curve_of(history: History) -> dict[str, list[float | None]]:
    """A learning curve as plain data, rounded to four places; None where there is no number."""
    plain = {
        name: [None if np.isnan(v) else float(f"{v:.4g}") for v in values]
        for name, values in history.metrics.items()
    }
    return {"steps": history.steps.tolist(), **plain}


def mark_of(experiment: "Experiment", task: "Task", settings: Mapping[str, Any], model: nn.Module) -> str:
    """Tells a checkpoint of these settings from those of others, in a file's name."""
    whole = {**settings, "data": task.data_sha256, "network": repr(model), "notes": experiment.notes}
    return json_sha256(whole)[:8]


def _machine() -> dict[str, Any]:
    return {
        "torch": torch.__version__,
        "device": str(best_device()),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
