"""Training in several ways on one machine, in turn: a tutorial's loop, the course's, and those between."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import torch

from course_pkg.training.full import full_experiment
from course_pkg.training.speed.ceiling import training_flops
from course_pkg.training.speed.stopwatch import PARTS
from course_pkg.training.speed.turns import Job, Started, Turn, Way, start, take_turn

PLAIN = Way(plain=True)
ON_A_CPU = Way(precision="bfloat16", channels_last=True)
NETWORKS = {"AlexNet": "alexnet", "VGG-16": "vgg"}


def jobs(profile: str) -> dict[str, Job]:
    """What is measured: in full, AlexNet and VGG as a GPU trains them; else small ones and a taste of those.

    Parameters
    ----------
    profile
        "full" or "smoke".

    Examples
    --------
    >>> {name: job.batch_size for name, job in jobs("smoke").items()}
    {'small AlexNet': 128, 'small VGG': 128, 'AlexNet': 8, 'VGG-16': 4}
    """
    large = {name: full_experiment(each, data="cifar10", profile="full") for name, each in NETWORKS.items()}
    if profile == "full":
        return {
            name: Job(
                each, NETWORKS[name], each.batch_size, warm=12, steps=30, rounds=3, ladder=True,
                ours=Way(precision=each.precision, channels_last=each.channels_last, compiled=each.compiled),
            )
            for name, each in large.items()
        }  # fmt: skip
    small = {each: full_experiment(each, data="cifar10", profile="smoke") for each in NETWORKS.values()}
    return {
        "small AlexNet": Job(small["alexnet"], "alexnet", 128, 2, 5, rounds=3, ours=ON_A_CPU, ladder=True),
        "small VGG": Job(small["vgg"], "vgg", 128, 2, 5, rounds=3, ours=ON_A_CPU, ladder=True),
        "AlexNet": Job(large["AlexNet"], "alexnet", 8, 1, 2, rounds=3, ours=ON_A_CPU, ladder=False),
        "VGG-16": Job(large["VGG-16"], "vgg", 4, 1, 1, rounds=3, ours=ON_A_CPU, ladder=False),
    }


def ways_of(job: Job) -> dict[str, Way]:
    """The ways in which a network is trained, by name; two of the names may be of one way.

    Examples
    --------
    >>> ways_of(jobs("smoke")["VGG-16"])["ours, random tensors"].random
    True
    """
    ladder = {
        "images on the device": Way(),
        "and bfloat16": Way(precision="bfloat16"),
        "and channels last": Way(precision="bfloat16", channels_last=True),
        "and compiled": Way(precision="bfloat16", channels_last=True, compiled=True),
    }
    return {
        "plain loop": PLAIN,
        "plain loop, random tensors": replace(PLAIN, random=True),
        "ours": job.ours,
        "ours, random tensors": replace(job.ours, random=True),
        **(ladder if job.ladder else {}),
    }


def measure(job: Job, device: torch.device, ceilings: Mapping[str, float]) -> dict[str, Any]:
    """Images a second in each way, and what follows from them, plain data.

    Where a tutorial's loop runs out of memory, all is done again with half the batch.

    Parameters
    ----------
    job
        What to train, and for how long.
    device
        Where to compute.
    ceilings
        Products and sums a second of the best matrix product, by precision; see `matrix_flops`.

    Raises
    ------
    torch.OutOfMemoryError
        If not even one image fits into memory.
    """
    ways = ways_of(job)
    try:
        turns = take_turns(job, list(dict.fromkeys(ways.values())), device)
    except torch.OutOfMemoryError:
        if job.batch_size == 1:
            raise
        turns = None
    if turns is None:  # behind the except: now what the attempt held is let go
        return measure(replace(job, batch_size=job.batch_size // 2), device, ceilings)
    model: Any = job.experiment.networks[job.network]()
    flops = training_flops(model, model.input_size)
    return {
        "input": list(model.input_size),
        "batch_size": job.batch_size,
        "flops_an_image": flops,
        "turns": job.rounds,
        "steps_a_turn": job.steps,
        "ways": {
            name: _figures(job, way, turns[way], flops, ceilings[way.precision]) for name, way in ways.items()
        },
    }


def take_turns(job: Job, ways: Sequence[Way], device: torch.device) -> dict[Way, list[Turn]]:
    """Train in each way, one after the other, and that several times over: what disturbs one disturbs all.

    Parameters
    ----------
    job
        What to train, and for how long.
    ways
        Each round begins with another one, the first with the first.
    device
        Where to compute.

    Returns
    -------
    dict
        The turns of each way.

    Raises
    ------
    torch.OutOfMemoryError
        If a tutorial's loop needs more memory than there is; `fit` takes smaller pieces then.
    """
    torch.compiler.reset()
    trained: dict[Way, Started] = {}
    turns: dict[Way, list[Turn]] = {way: [] for way in ways}
    for i in range(job.rounds):
        for way in (*ways[i % len(ways) :], *ways[: i % len(ways)]):
            alike = replace(way, random=False)
            if alike not in trained:
                trained[alike] = start(job, alike, device)
            turns[way].append(take_turn(job, way, trained[alike], device))
    return turns


def middle(turns: Sequence[Turn]) -> Turn:
    """The median of several turns, of the whole and of each part.

    Examples
    --------
    >>> middle([Turn(3.0, {"data": 1.0}), Turn(9.0, {"data": 2.0}), Turn(4.0, {"data": 0.5})])
    Turn(seconds=4.0, parts={'data': 1.0})
    """
    parts = [part for part in PARTS if part in turns[0].parts]
    return Turn(
        median(turn.seconds for turn in turns),
        {part: median(turn.parts[part] for turn in turns) for part in parts},
    )


def _figures(job: Job, way: Way, turns: Sequence[Turn], flops: int, ceiling: float) -> dict[str, Any]:
    typical = middle(turns)
    rates = sorted(job.batch_size / turn.seconds for turn in turns)
    rate = job.batch_size / typical.seconds
    return {
        "precision": way.precision,
        "channels_last": way.channels_last,
        "compiled": way.compiled,
        "images_per_second": _four_digits(rate),
        "lowest_and_highest": [_four_digits(rates[0]), _four_digits(rates[-1])],
        "share_of_ceiling": _four_digits(flops * rate / ceiling),
        "milliseconds": {part: _four_digits(1e3 * seconds) for part, seconds in typical.parts.items()},
    }


def _four_digits(value: float) -> float:
    return float(f"{value:.4g}")
