"""Batches of examples, in an order that is a function of a seed and the number of the epoch alone.

So training can go on in the middle of an epoch after an interruption, and several processes can agree on who
takes which examples without talking to each other.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from course_pkg._validate import describe, flag, integer, positive_int

Batch = tuple[Any, Any]  # what the network gets, and what it should answer


Item = TypeVar("Item", covariant=True)


class Epochs(Protocol[Item]):
    """What `fit` needs to know of its data."""

    def __len__(self) -> int:
        """How many batches an epoch has."""

    def epoch(self, number: int, start: int = 0) -> Iterator[Item]:
        """The batches of an epoch, from batch `start` on: the same ones each time."""


@dataclass(frozen=True)
class Batches:
    """Batches read by the numbers of their examples.

    Examples left over after the last whole batch of an epoch wait for the next one, or there are none.

    Parameters
    ----------
    read
        Makes a batch, (what the network gets, what it should answer), of the examples with these numbers, an
        int64 array (batch,).
    examples
        How many there are in an epoch.
    batch_size
        How many to a batch.
    seed
        Of the order.
    shuffle
        Whether each epoch has an order of its own; else the examples come as they are.
    fresh
        Whether each epoch has examples of its own: epoch e those with numbers e · `examples` and up. For
        generated examples, of which there is no end.
    complete
        Whether each epoch has every example: then its batches are nearly equal, and none is larger than
        `batch_size`.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or not positive, or a batch is larger than an epoch.

    Examples
    --------
    >>> some = Batches(lambda which: (which, which % 2), examples=5, batch_size=2, shuffle=False)
    >>> len(some), [which.tolist() for which, _ in some.epoch(0)]
    (2, [[0, 1], [2, 3]])
    >>> every = Batches(lambda which: (which, which), 5, batch_size=2, shuffle=False, complete=True)
    >>> [which.tolist() for which, _ in every.epoch(0)]
    [[0], [1, 2], [3, 4]]
    """

    read: Callable[[np.ndarray], Batch]
    examples: int
    batch_size: int
    seed: int = 0
    shuffle: bool = True
    fresh: bool = False
    complete: bool = False

    def __post_init__(self) -> None:
        if not callable(self.read):
            raise TypeError(f"read: got {describe(self.read)}, expected a function of the examples' numbers")
        positive_int("examples", self.examples)
        if positive_int("batch_size", self.batch_size) > self.examples:
            raise ValueError(
                f"batch_size: got {self.batch_size}, expected at most the {self.examples} training examples"
            )
        integer("seed", self.seed, minimum=0)
        flag("shuffle", self.shuffle)
        flag("fresh", self.fresh)
        flag("complete", self.complete)

    def __len__(self) -> int:
        return -(-self.examples // self.batch_size) if self.complete else self.examples // self.batch_size

    def order(self, number: int) -> np.ndarray:
        """The numbers of the examples of an epoch in their order, int64, (examples,)."""
        order = np.arange(self.examples)
        if self.shuffle:
            np.random.default_rng([self.seed, number]).shuffle(order)
        return order + number * self.examples if self.fresh else order

    def picks(self, number: int, start: int = 0) -> Iterator[np.ndarray]:
        """The numbers of the examples of each batch of an epoch, from batch `start` on."""
        order, used = self.order(number), self.examples if self.complete else len(self) * self.batch_size
        for batch in range(start, len(self)):
            yield order[batch * used // len(self) : (batch + 1) * used // len(self)]

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from batch `start` on."""
        return self.read_each(self.picks(number, start))

    def read_each(self, picks: Iterable[np.ndarray]) -> Iterator[Batch]:
        """The batches of the examples with these numbers, one after the other."""
        return map(self.read, picks)


def batches(
    x: torch.Tensor | np.ndarray,
    y: torch.Tensor | np.ndarray,
    batch_size: int,
    *,
    seed: int = 0,
    shuffle: bool = True,
    complete: bool = False,
) -> Batches:
    """Batches of examples that lie in memory.

    Parameters
    ----------
    x
        Inputs, shape (N, …). Floats of any kind come as float32; uint8, the bytes of pixels, come as float32
        0 … 1, batch by batch, so that only the bytes are kept. They may lie on a GPU: then the batches are
        put together there.
    y
        What the network should answer, shape (N, …): whole numbers, such as classes, come as int64, floats as
        float32.
    batch_size
        Examples to a batch.
    seed
        Of the order.
    shuffle
        Whether each epoch has an order of its own.
    complete
        Whether each epoch has every example, in batches that are nearly equal.

    Returns
    -------
    Batches

    Raises
    ------
    TypeError
        If `x` or `y` is neither tensor nor array.
    ValueError
        If they are empty or not equally many, or a batch is larger than all of them.

    Examples
    --------
    >>> some = batches(torch.arange(6.0).view(6, 1), torch.arange(6), batch_size=2)
    >>> [y.tolist() for x, y in some.epoch(0)]
    [[3, 2], [5, 4], [0, 1]]
    >>> [y.tolist() for x, y in some.epoch(0, start=2)]
    [[0, 1]]
    """
    inputs, answers = _examples("x", x), _examples("y", y)
    if len(inputs) != len(answers):
        raise ValueError(f"y: got shape {tuple(answers.shape)}, expected {len(inputs)} of them, as of x")

    def read(which: np.ndarray) -> Batch:
        y = examples_of(answers, which)
        return as_floats(examples_of(inputs, which)), y.float() if y.is_floating_point() else y.long()

    return Batches(read, len(inputs), batch_size, seed, shuffle, complete=complete)


def examples_of(values: torch.Tensor, which: np.ndarray) -> torch.Tensor:
    """The examples with these numbers, where `values` lie.

    Examples
    --------
    >>> examples_of(torch.tensor([0.0, 0.1, 0.2]), np.array([2, 0]))
    tensor([0.2000, 0.0000])
    """
    index = torch.from_numpy(which)
    if (
        values.device.type == "cuda"
    ):  # or the program would wait until the GPU has done all it was told so far
        index = index.pin_memory().to(values.device, non_blocking=True)
    return values[index]


def as_floats(x: torch.Tensor | np.ndarray) -> torch.Tensor:
    """Inputs as float32; bytes of pixels, 0 … 255, become 0 … 1.

    Examples
    --------
    >>> as_floats(np.array([0, 51, 255], dtype=np.uint8))
    tensor([0.0000, 0.2000, 1.0000])
    """
    x = torch.as_tensor(x)
    return x.float() / 255 if x.dtype == torch.uint8 else x.float()


def _examples(name: str, values: torch.Tensor | np.ndarray) -> torch.Tensor:
    if not isinstance(values, torch.Tensor | np.ndarray):
        raise TypeError(f"{name}: got {describe(values)}, expected a tensor or an array")
    if len(values.shape) == 0 or len(values) == 0:
        raise ValueError(f"{name}: got shape {tuple(values.shape)}, expected at least one example")
    return torch.as_tensor(values)


def stream(source: Epochs[Item], start: int = 0) -> Iterator[Item]:
    """Batches without end, epoch after epoch, from the one with number `start` on.

    Parameters
    ----------
    source
        `Batches`, or whatever else has a length and epochs.
    start
        How many batches to leave out; none of them is read.

    Examples
    --------
    >>> some = batches(torch.arange(6.0).view(6, 1), torch.arange(6), batch_size=4, shuffle=False)
    >>> coming = stream(some, start=1)  # two examples are left over each epoch
    >>> [next(coming)[1].tolist() for _ in range(2)]
    [[0, 1, 2, 3], [0, 1, 2, 3]]
    """
    first, at = divmod(start, len(source))
    for number in itertools.count(first):
        yield from source.epoch(number, at)
        at = 0
