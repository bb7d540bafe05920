"""Several processes that train one network: who they are, and how they agree.

`torchrun` starts the processes and tells each its number; nobody here asks how many hosts there are. Every
process has the whole network and a part of each batch (see `shards`). The first one alone measures, logs and
saves. A process that was started in another way is alone, and for it every function here is as good as not
there.
"""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import distributed as dist

from course_pkg._validate import integer

T = TypeVar("T")
_WAIT = timedelta(minutes=30)  # for the first process, which may be measuring
_joined = itertools.count()


class Place(NamedTuple):
    """Which of the processes this is."""

    rank: int = 0
    """Its number among all of them; the first has 0."""
    processes: int = 1
    """How many there are, on all hosts."""
    local_rank: int = 0
    """Its number among those of this host, which is also the number of its GPU."""


def launched() -> Place:
    """Which process this is by what `torchrun` wrote into its environment; else the only one.

    Raises
    ------
    ValueError
        If the environment makes no sense.

    Examples
    --------
    >>> launched()
    Place(rank=0, processes=1, local_rank=0)
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    if not all(name in os.environ for name in (*names, "MASTER_ADDR", "MASTER_PORT")):
        return Place()
    for name in names:
        if not os.environ[name].isdecimal():
            raise ValueError(f"{name} in the environment: got {os.environ[name]!r}, expected a whole number")
    place = Place(*(int(os.environ[name]) for name in names))
    if not max(place.rank, place.local_rank) < place.processes:
        raise ValueError(
            f"RANK, LOCAL_RANK in the environment: got {place.rank} and {place.local_rank}, expected numbers "
            f"below WORLD_SIZE, {place.processes}"
        )
    return place


def here() -> Place:
    """Which process of the group this is; the only one if it was started alone.

    Raises
    ------
    RuntimeError
        If `torchrun` started others, too, but this process has joined no group: each would train by itself.

    Examples
    --------
    >>> here().processes
    1
    """
    place = launched()
    if place.processes == 1:
        return place
    if not dist.is_initialized():
        raise RuntimeError(
            f"torchrun has started {place.processes} processes, which have joined no group; write "
            "`with group():` of course_pkg.training.distributed around what they do together"
        )
    return Place(dist.get_rank(), dist.get_world_size(), place.local_rank)


@contextlib.contextmanager
def group() -> Iterator[Place]:
    """Within this context the processes that `torchrun` started together form a group.

    On GPUs they talk through NCCL and each takes the GPU of its local rank as "cuda"; on CPUs through Gloo.
    Within a group, and in a process that was started alone, this does nothing. It also goes in front of a
    function, as ``@group()``.

    Yields
    ------
    Place
        Which process this is.

    Raises
    ------
    ValueError
        If this host has GPUs, but fewer than processes.

    Examples
    --------
    >>> with group() as place:
    ...     print(place.rank, "of", place.processes)
    0 of 1
    """
    place = launched()
    if place.processes == 1 or dist.is_initialized():
        yield here()
        return
    gpus = torch.cuda.device_count()
    if gpus:
        if place.local_rank >= gpus:
            raise ValueError(
                f"process {place.local_rank} of this host: got {gpus} GPUs, expected one for each process; "
                f"start torchrun with --nproc-per-node {gpus}"
            )
        torch.cuda.set_device(place.local_rank)
    store, _, _ = next(dist.rendezvous("env://", timeout=_WAIT))
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if gpus else "gloo",
        store=dist.PrefixStore(_attempt(place), store),
        rank=place.rank,
        world_size=place.processes,
        timeout=_WAIT,
    )
    try:
        yield here()
    finally:
        dist.destroy_process_group()


def _attempt(place: Place) -> str:
    """A name for this group: who joins again, or is started again, must not meet addresses of the dead."""
    restarts = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return f"start {restarts} of {place.processes}, group {next(_joined)}"


@contextlib.contextmanager
def first_speaks() -> Iterator[None]:
    """Within this context only the first process prints; errors that end a process are always told.

    Examples
    --------
    >>> with first_speaks():
    ...     print("once")
    once
    """
    if here().rank == 0:
        yield
        return
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def from_first(compute: Callable[[], T]) -> T:
    """What the first process computes, given to all; the others wait for it.

    Parameters
    ----------
    compute
        Called in the first process alone; gives something that can be pickled.

    Returns
    -------
    object
        Its answer.

    Raises
    ------
    RuntimeError
        In the others, if it fails in the first, which raises what it raised.

    Examples
    --------
    >>> from_first(lambda: 6 * 7)
    42
    """
    place = here()
    if place.processes == 1:
        return compute()
    message: list[Any] = [None, None]  # the answer, and what went wrong
    fault = None
    if place.rank == 0:
        try:
            message[0] = compute()
        except Exception as error:  # raised below, once the others know
            fault = error
            message[1] = f"{type(error).__name__}: {error}"
    dist.broadcast_object_list(message)
    if fault is not None:
        raise fault
    if message[1] is not None:
        raise RuntimeError(f"the first process failed: {message[1]}")
    return message[0]


def from_all(value: T) -> list[T]:
    """The values of all processes, in order, known to all.

    Examples
    --------
    >>> from_all("mine")
    ['mine']
    """
    place = here()
    if place.processes == 1:
        return [value]
    values: list[Any] = [None] * place.processes
    dist.all_gather_object(values, value)
    return values


def mean_of_all(values: torch.Tensor) -> torch.Tensor:
    """The mean over the processes, known to all; `values` stay as they are.

    Examples
    --------
    >>> mean_of_all(torch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    place = here()
    if place.processes == 1:
        return values
    mean = values.clone()
    dist.all_reduce(mean)
    return mean / place.processes


def own_seed(seed: int) -> int:
    """A seed for this process alone, so that no two drop the same units or turn images by the same angles.

    Parameters
    ----------
    seed
        Of the run, at least 0; the first process keeps it.

    Examples
    --------
    >>> own_seed(3)
    3
    """
    rank = here().rank
    seed = integer("seed", seed, minimum=0)
    return seed if rank == 0 else int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])
