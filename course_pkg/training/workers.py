"""Batches whose examples are read by worker processes, ahead of the network that learns from them."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from course_pkg._validate import integer
from course_pkg.training.batches import Batch, Batches


@dataclass(frozen=True)
class WorkerBatches(Batches):
    """`Batches` that are read by several processes, some batches ahead: for photographs to be decoded.

    Order and content are those of `Batches`, however many workers there are.

    Parameters
    ----------
    workers
        How many processes; with 0 this one reads.

    Examples
    --------
    >>> some = WorkerBatches(lambda which: (which, which), 5, batch_size=2, shuffle=False, workers=0)
    >>> [x.tolist() for x, _ in some.epoch(0)]
    [[0, 1], [2, 3]]
    """

    workers: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        integer("workers", self.workers, minimum=0)

    def read_each(self, picks: Iterable[np.ndarray]) -> Iterator[Batch]:
        """The batches of the examples with these numbers, one after the other."""
        return read_ahead(self.read, picks, self.workers)


def read_ahead(
    read: Callable[[np.ndarray], Batch], picks: Iterable[np.ndarray], workers: int
) -> Iterator[Batch]:
    """What `read` gives for each of `picks`, in their order, read by worker processes ahead of time.

    Parameters
    ----------
    read
        Makes a batch of the examples with these numbers. It must not draw random numbers, nor touch a GPU.
    picks
        The numbers of the examples of each batch.
    workers
        How many processes; with 0 this one reads.

    Yields
    ------
    tuple
        Batches; on a machine with a GPU in memory that it can fetch them from while it computes.

    Examples
    --------
    >>> for x, y in read_ahead(lambda which: (which, 2 * which), [np.arange(2), np.arange(2, 5)], workers=0):
    ...     print(x.tolist(), y.tolist())
    [0, 1] [0, 2]
    [2, 3, 4] [4, 6, 8]
    """
    yield from DataLoader(
        _Read(read),
        batch_size=None,  # an example of this data set is a whole batch already
        sampler=list(picks),
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # or it would draw from the global one, and the network's dropout differ
    )


def worker_count() -> int:
    """How many processes should read: one for each core that this process may use.

    Processes that `torchrun` started on one host share its cores.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


class _Read(Dataset):
    def __init__(self, read: Callable[[np.ndarray], Batch]) -> None:
        self.read = read

    def __getitem__(self, which: np.ndarray) -> Batch:
        return self.read(which)
