"""The experiments by name: `python -m course_pkg train NAME`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from course_pkg._validate import choice
from course_pkg.data.registry import DataUnavailable
from course_pkg.training import mnist1d
from course_pkg.training.cards import load_weights
from course_pkg.training.experiment import Experiment, run_experiment
from course_pkg.training.recipes import (
    GROUPCONV,
    LENET,
    SMALL_ALEXNET,
    SMALL_ALEXNET_CIFAR10,
    SMALL_DECONVNET,
    SMALL_YOLO,
)

EXPERIMENTS: dict[str, Experiment] = {
    "lenet": LENET,
    "small_alexnet": SMALL_ALEXNET,
    "small_alexnet_cifar10": SMALL_ALEXNET_CIFAR10,
    "small_yolo": SMALL_YOLO,
    "small_deconvnet": SMALL_DECONVNET,
    "groupconv": GROUPCONV,
}
NAMES = ["mnist1d", *EXPERIMENTS]
WORK = Path("_build/train")


def trained(
    name: str, network: str, results: str | Path = "book/results"
) -> tuple[nn.Module, dict[str, Any], dict[str, Any]]:
    """A network that `python -m course_pkg train NAME` has trained, as it is stored.

    Parameters
    ----------
    name
        Which experiment.
    network
        Which of its networks.
    results
        Where results lie; `"../results"` seen from a chapter.

    Returns
    -------
    model : nn.Module
        In evaluation mode, on the CPU.
    card : dict
        Data, settings, and figures of all seeds.
    curves : dict
        For each seed, by its name, the learning curve: "steps", "loss", "learning_rate" and figures.

    Raises
    ------
    FileNotFoundError
        If it has not been trained.
    ValueError
        If there is no such experiment or network, or the weights are not those of the card.
    """
    experiment = EXPERIMENTS[choice("name", name, EXPERIMENTS)]
    model = experiment.networks[choice("network", network, experiment.networks)]()
    folder = Path(results) / "weights" / name
    if not (folder / f"{network}.safetensors").exists():
        raise FileNotFoundError(
            f"no weights of {network!r} in {folder}; make them with: python -m course_pkg train {name}"
        )
    weights, card = load_weights(folder / f"{network}.safetensors")
    model.load_state_dict(weights)
    return model.eval(), card, json.loads((folder / "curves.json").read_text(encoding="utf-8"))[network]


def run(
    name: str,
    out: str | Path | None = None,
    steps: int | None = None,
    seeds: Sequence[int] | None = None,
    networks: Sequence[str] | None = None,
) -> int:
    """Run one experiment and store its results.

    Parameters
    ----------
    name
        Which experiment.
    out
        Folder for its results; `book/results`, where the book looks for them, or for a run with other steps
        or seeds `_build/train/results`.
    steps
        Updates of each network, if not those of the experiment.
    seeds
        If not those of the experiment.
    networks
        If not all of the experiment.

    Returns
    -------
    int
        Exit status of the command line: 0; 1 if data must be fetched first; 2 for a name that does not exist.

    Examples
    --------
    >>> run("imagenet")
    2
    """
    if name not in NAMES:
        from course_pkg.training.full.run import NETWORKS

        large = ", ".join(NETWORKS)
        print(f"no experiment {name!r}; there are: {', '.join(NAMES)}; on a GPU: {large}", file=sys.stderr)
        return 2
    whole = steps is None and seeds is None
    out = Path(out) if out is not None else Path("book/results") if whole else WORK / "results"
    try:
        _run(name, out, steps, seeds, networks)
    except DataUnavailable as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


def _run(
    name: str, out: Path, steps: int | None, seeds: Sequence[int] | None, networks: Sequence[str] | None
) -> None:
    if name == "mnist1d":
        mnist1d.run_experiment(out, steps or mnist1d.STEPS, seeds or mnist1d.SEEDS)
    else:
        folder = out / "weights" / name
        run_experiment(
            name, EXPERIMENTS[name], folder, WORK / name, steps=steps, seeds=seeds, networks=networks
        )
