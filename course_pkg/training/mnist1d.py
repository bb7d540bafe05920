"""The experiment of chapter 4: a convnet against a fully connected net, on MNIST-1D and on it shuffled."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from course_pkg._validate import choice, integer
from course_pkg.data.mnist1d import POSITIONS, Mnist1D, make_mnist1d
from course_pkg.models.mnist1d import MNIST1DConvNet, MNIST1DFullyConnected
from course_pkg.training.results import save_results
from course_pkg.training.together import Histories, fit_together, one_per_seed

SEEDS = range(5)
STEPS = 100_000
BATCH_SIZE = 100
LEARNING_RATE = 0.01
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "convolutional": MNIST1DConvNet,
    "fully_connected": MNIST1DFullyConnected,
}


class Run(NamedTuple):
    """One network trained from several seeds."""

    models: list[nn.Module]
    """The trained networks, one a seed."""
    history: Histories
    """What was measured on the way."""


def shuffled(data: Mnist1D, seed: int = 0) -> tuple[Mnist1D, np.ndarray]:
    """The same set with the 40 positions of every example in one other, fixed order.

    Parameters
    ----------
    data
        The set to shuffle; it stays as it is.
    seed
        Seed of the order.

    Returns
    -------
    data : Mnist1D
        Its signals' position i holds what position `order[i]` held.
    order : ndarray of int64, (40,)
        A permutation of 0 … 39.

    Raises
    ------
    TypeError
        If `seed` is not an integer.
    ValueError
        If `seed` is negative.

    Examples
    --------
    >>> data = make_mnist1d(size=100)
    >>> mixed, order = shuffled(data)
    >>> bool((mixed.x_test == data.x_test[:, order]).all())
    True
    """
    order = np.random.default_rng(integer("seed", seed, minimum=0)).permutation(POSITIONS)
    return data._replace(x_train=data.x_train[:, order], x_test=data.x_test[:, order]), order


def train_network(
    network: str,
    data: Mnist1D,
    *,
    steps: int = STEPS,
    seeds: Sequence[int] = SEEDS,
    record_every: int = 500,
    progress: bool = False,
) -> Run:
    """Train one of the two networks from several seeds at once, with the published settings.

    Plain stochastic gradient descent, learning rate 0.01, batches of 100.

    Parameters
    ----------
    network
        `"convolutional"` or `"fully_connected"`.
    data
        What to train and test on.
    steps
        Number of updates; the full experiment takes 100,000.
    seeds
        One network is trained for each.
    record_every
        Steps between two records of the history.
    progress
        Show a progress bar on the standard error stream.

    Returns
    -------
    Run
        The trained networks and their history.

    Raises
    ------
    ValueError
        If `network` is not one of the two names.

    Notes
    -----
    Source: S. J. D. Prince, *Understanding Deep Learning*, figure 10.8.

    Examples
    --------
    >>> run = train_network("convolutional", make_mnist1d(), steps=20, seeds=[0, 1], record_every=10)
    >>> run.history.test_error.shape
    (2, 3)
    """
    models = one_per_seed(NETWORKS[choice("network", network, NETWORKS)], seeds)
    history = fit_together(
        models,
        *data[:4],
        steps=steps,
        batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE,
        seeds=seeds,
        record_every=record_every,
        progress=progress,
    )
    return Run(models, history)


def seconds_together_and_alone(network: str, data: Mnist1D, *, steps: int = 500) -> tuple[float, float]:
    """Time the five seeds trained as one stack, and one after the other by the same code.

    Parameters
    ----------
    network
        `"convolutional"` or `"fully_connected"`.
    data
        What to train on.
    steps
        Number of updates of each network.

    Returns
    -------
    together, alone : float
        Seconds. Of three turns about, the fastest of each.

    Examples
    --------
    >>> together, alone = seconds_together_and_alone("convolutional", make_mnist1d(size=500), steps=2)
    >>> together > 0 and alone > 0
    True
    """

    def seconds(groups: Sequence[Sequence[int]]) -> float:
        start = time.perf_counter()
        for seeds in groups:
            train_network(network, data, steps=steps, seeds=seeds, record_every=steps)
        return time.perf_counter() - start

    turns = [(seconds([SEEDS]), seconds([[seed] for seed in SEEDS])) for _ in range(3)]
    together, alone = zip(*turns, strict=True)
    return min(together), min(alone)


def run_experiment(out: str | Path, steps: int = STEPS, seeds: Sequence[int] = SEEDS) -> None:
    """Train both networks on both sets in full, and store what came of it as `mnist1d` under `out`.

    Parameters
    ----------
    out
        Folder for `mnist1d.json` and `mnist1d.safetensors`; made if it does not exist.
    steps
        Number of updates of each network.
    seeds
        One network of each kind is trained for each.

    Notes
    -----
    Took 46 minutes on one core of a busy machine.
    """
    data = make_mnist1d()
    mixed, order = shuffled(data)
    start = time.perf_counter()
    runs = {}
    for suffix, examples in (("", data), ("_shuffled", mixed)):
        for network in NETWORKS:
            print(f"{network}{suffix}: {len(seeds)} seeds, {steps:,} steps", flush=True)
            runs[network + suffix] = train_network(network, examples, steps=steps, seeds=seeds, progress=True)
            print(f"  test error {runs[network + suffix].history.test_error[:, -1].round(3).tolist()}")
    seconds = time.perf_counter() - start

    card = {
        "name": "mnist1d",
        "data": "make_mnist1d(size=5000, seed=42): 4,000 training and 1,000 test examples",
        "seeds": list(seeds),
        "settings": {
            "optimizer": "SGD without momentum",
            "learning_rate": LEARNING_RATE,
            "batch_size": BATCH_SIZE,
            "steps": steps,
            "initialisation": "He normal, zero biases",
        },
        "shuffled_order": order.tolist(),
        "measured": _measured(data, seconds),
        "runs": {name: _summary(run) for name, run in runs.items()},
    }
    # the shuffled fully connected nets are left out: they are large, and no chapter looks into them
    kept = {name: run.models for name, run in runs.items() if name != "fully_connected_shuffled"}
    save_results(card, kept, out)


def _measured(data: Mnist1D, seconds: float) -> dict[str, object]:
    times = {network: seconds_together_and_alone(network, data) for network in NETWORKS}
    return {
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "minutes": round(seconds / 60, 1),
        "five_seeds_500_steps": {
            network: {
                "seconds_together": round(together, 2),
                "seconds_one_by_one": round(alone, 2),
                "ratio": round(together / alone, 2),
            }
            for network, (together, alone) in times.items()
        },
    }


def _summary(run: Run) -> dict[str, object]:
    history = run.history
    return {
        "parameters": sum(p.numel() for p in run.models[0].parameters()),
        "final_train_loss": [float(f"{loss:.4g}") for loss in history.train_loss[:, -1]],
        "final_train_error": history.train_error[:, -1].round(5).tolist(),
        "final_test_error": history.test_error[:, -1].round(5).tolist(),
        "history": {
            "steps": history.steps.tolist(),
            "train_loss": history.train_loss.round(4).tolist(),
            "train_error": history.train_error.round(5).tolist(),
            "test_error": history.test_error.round(5).tolist(),
        },
    }
