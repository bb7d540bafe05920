"""Which examples of each batch a process gets: over all processes each example once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from course_pkg._validate import describe
from course_pkg.training.batches import Batch, Epochs
from course_pkg.training.distributed import Place


class Part(NamedTuple):
    """The part of a batch that one process works on."""

    x: Any
    """What the network gets."""
    y: Any
    """What it should answer."""
    weight: float
    """Of the mean loss of this part, so that the mean over all processes is the mean loss of the batch. Where
    all parts are equally large, 1."""


@runtime_checkable
class Picked(Epochs, Protocol):
    """Epochs whose batches are read by the numbers of their examples, such as `Batches`."""

    def picks(self, number: int, start: int = 0) -> Iterator[np.ndarray]:
        """The numbers of the examples of each batch of an epoch, from batch `start` on."""

    def read_each(self, picks: Iterable[np.ndarray]) -> Iterator[Batch]:
        """The batches of the examples with these numbers, one after the other."""


@dataclass(frozen=True)
class Shard:
    """What one process works on. See `shard`."""

    source: Picked
    place: Place

    def __len__(self) -> int:
        return len(self.source)

    def epoch(self, number: int, start: int = 0) -> Iterator[Part]:
        """Its part of each batch of an epoch, from batch `start` on."""
        rank, processes, _ = self.place
        picks = list(self.source.picks(number, start))
        smallest = min(map(len, picks))
        if smallest < processes:
            raise ValueError(
                f"batch_size: got a batch of {smallest}, expected at least one example for each of the "
                f"{processes} processes"
            )
        own = [np.array_split(which, processes)[rank] for which in picks]
        for which, mine, (x, y) in zip(picks, own, self.source.read_each(own), strict=True):
            yield Part(x, y, len(mine) * processes / len(which))


@dataclass(frozen=True)
class _Whole:
    source: Epochs

    def __len__(self) -> int:
        return len(self.source)

    def epoch(self, number: int, start: int = 0) -> Iterator[Part]:
        for x, y in self.source.epoch(number, start):
            yield Part(x, y, 1.0)


def shard(batches: Epochs, place: Place) -> Shard | _Whole:
    """The part of each batch that is this process's.

    The processes need not talk: all know the order of the examples, and take the first, second, … part of
    each batch. Over an epoch nothing is lost and nothing doubled. If a batch is not divisible by the number
    of processes, the first ones have one example more, and weigh accordingly.

    Parameters
    ----------
    batches
        The whole batches, the same in every process. To be divided they must be `Batches`, or have their
        methods `picks` and `read_each`: only the examples of this process are read.
    place
        From `course_pkg.training.distributed.here`.

    Returns
    -------
    Shard
        Epochs of `Part`.

    Raises
    ------
    TypeError
        If there are several processes and `batches` cannot be divided.
    ValueError
        While reading, if a batch has fewer examples than there are processes.

    Notes
    -----
    With parts of n₁, …, n_p examples and mean losses L₁, …, L_p the mean loss of the batch is
    Σ nᵢLᵢ / Σ nᵢ = mean over the processes of wᵢLᵢ, with wᵢ = p·nᵢ / Σ nⱼ. A loss that is no mean over the
    examples, such as one that divides by the pixels that count in this very part, is nearly but not exactly
    that of the whole batch.

    Examples
    --------
    >>> from course_pkg.training.batches import Batches
    >>> whole = Batches(lambda which: (which, which % 2), examples=5, batch_size=5, shuffle=False)
    >>> for rank in range(2):
    ...     for part in shard(whole, Place(rank, processes=2)).epoch(0):
    ...         print(part.x, part.weight)
    [0 1 2] 1.2
    [3 4] 0.8
    """
    if place.processes == 1:
        return _Whole(batches)
    if not isinstance(batches, Picked):
        raise TypeError(
            f"batches: got {describe(batches)}, expected Batches, which can be divided among "
            f"{place.processes} processes"
        )
    return Shard(batches, place)
