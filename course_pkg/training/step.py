"""The gradients of an update: of batches in pieces where memory is short, through a compiled network."""

import contextlib
import operator
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from course_pkg.training.batches import Batch
from course_pkg.training.distributed import from_all
from course_pkg.training.distributed.shards import Part
from course_pkg.training.precision import forward_in, in_tree
from course_pkg.training.randomness import random_state, set_random_state

Forward = Callable[[Any], Any]
Meet = Callable[[bool], contextlib.AbstractContextManager[Any]]


@dataclass
class Backward:
    """Sets the gradients of a network's parameters to those of the mean loss over some batches.

    Where memory does not suffice, each batch is cut in two, four, … pieces whose gradients are added: the
    same sum in less memory. That holds from then on. (Batch normalisation sees the pieces; in its running
    means the batch that did not fit counts once more.)

    Examples
    --------
    >>> net = nn.Linear(1, 1, bias=False)
    >>> rule = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> off = torch.amp.GradScaler("cpu", enabled=False)
    >>> backward = Backward(net, None, lambda a, b: (a * b).mean(), rule, off, torch.device("cpu"), pieces=2)
    >>> _ = backward([Part(torch.ones(3, 1), torch.tensor([[2.0], [4.0], [6.0]]), weight=1.0)])
    >>> net.weight.grad
    tensor([[4.]])
    """

    forward: Forward
    """The network."""
    uncompiled: Forward | None
    """What takes its place if it is one to be compiled and cannot be."""
    loss: Callable[[Any, Any], torch.Tensor]
    """A mean over the examples of a batch."""
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    device: torch.device
    augment: Callable[[Any, Any], Batch] | None = None
    channels_last: bool = False
    """Whether images come pixel by pixel, as the network's weights then do."""
    pieces: int = 1
    """Into how many pieces a batch is cut."""
    meet: Meet = lambda now: contextlib.nullcontext()
    """Around each piece, with whether it is the last one; see `gradients_meet`."""
    settled: bool = False
    """Whether it must stay with these pieces, as other processes count on it."""

    def __call__(self, batches: Sequence[Part]) -> torch.Tensor:
        """The mean loss of these batches, (); sets the gradients.

        Raises
        ------
        torch.OutOfMemoryError
            If memory does not suffice for one example at a time.
        """
        while True:
            try:
                return self._attempt(batches)
            except torch.OutOfMemoryError as fault:
                if self.settled:
                    fault.add_note("With several processes only the first update can do with less memory.")
                if self.settled or not self._take_smaller_pieces(batches):
                    raise
            except _compiler_faults(self.uncompiled) as fault:
                self._do_without_compiler(fault)
            if self.device.type == "cuda":  # behind the except: now the tensors of the attempt are let go
                torch.cuda.empty_cache()

    def settle(self, model: nn.Module, forward: Forward, batches: Sequence[Part]) -> None:
        """Find out, before the first update, into how many pieces all processes must cut their batches.

        Each tries it without the others. In the middle of an update it would be too late: a process that is
        short of memory could not tell those that wait for its gradients.

        Parameters
        ----------
        model
            The network. Its running means, and the random numbers, stay as they are.
        forward
            What calls it in this process alone.
        batches
            Those of the first update.
        """
        random, buffers = random_state(), [values.clone() for values in model.buffers()]
        alone = replace(self, forward=forward, uncompiled=None, meet=lambda now: contextlib.nullcontext())
        alone(batches)
        self.optimizer.zero_grad()
        set_random_state(random)
        for values, before in zip(model.buffers(), buffers, strict=True):
            values.copy_(before)
        self.pieces, self.settled = max(from_all(alone.pieces)), True
        if self.pieces > alone.pieces:
            _say(f"another process is out of memory: its and our batches are cut into {self.pieces} pieces")

    def _attempt(self, batches: Sequence[Part]) -> torch.Tensor:
        self.optimizer.zero_grad()
        total = torch.zeros((), device=self.device)
        for i, batch in enumerate(batches, start=1):
            for j, (piece, share) in enumerate(in_pieces((batch.x, batch.y), self.pieces), start=1):
                with self.meet(i == len(batches) and j == self.pieces):
                    x, y = in_tree(piece, lambda tensor: tensor.to(self.device, non_blocking=True))
                    if self.augment is not None:
                        x, y = self.augment(x, y)
                    if self.channels_last:
                        x = in_tree(x, pixel_by_pixel)
                    error = self.loss(self.forward(x), y) / (len(batches) / share) * batch.weight
                    self.scaler.scale(error).backward()
                    total += error.detach()
        return total

    def _take_smaller_pieces(self, batches: Sequence[Part]) -> bool:
        fewest = min(_examples((batch.x, batch.y)) for batch in batches)
        if 2 * self.pieces > fewest:
            return False
        self.pieces *= 2
        _say(f"out of memory: a batch of {fewest} is cut into {self.pieces} pieces, their gradients added")
        return True

    def _do_without_compiler(self, fault: Exception) -> None:
        assert self.uncompiled is not None
        why = textwrap.shorten(str(fault).partition("\n\n")[0], 200)
        _say(f"the network cannot be compiled and is used as it is: {why}")
        self.forward, self.uncompiled = self.uncompiled, None


def forwards(
    model: nn.Module, precision: str, device: torch.device, compiled: bool | str
) -> tuple[Forward, Forward | None]:
    """The network as `Backward` calls it: `forward` and, where that is compiled, `uncompiled`.

    Parameters
    ----------
    model
        The network.
    precision, device
        As in `forward_in`.
    compiled
        Whether `torch.compile` makes it faster; the name of one of its backends stands for True.
    """
    plain = forward_in(precision, model, device)
    if not compiled:
        return plain, None
    backend = "inductor" if compiled is True else compiled
    return forward_in(precision, torch.compile(model, backend=backend), device), plain


def in_pieces(batch: Batch, pieces: int) -> Iterator[tuple[Batch, float]]:
    """A batch in pieces of nearly equal size, and each one's share of the examples.

    Examples
    --------
    >>> batch = torch.arange(5), {"boxes": torch.zeros(5, 4)}
    >>> [(x.tolist(), len(y["boxes"]), share) for (x, y), share in in_pieces(batch, 2)]
    [([0, 1], 2, 0.4), ([2, 3, 4], 3, 0.6)]
    """
    if pieces == 1:
        yield batch, 1.0
        return
    n = _examples(batch)
    for i in range(pieces):
        part = slice(i * n // pieces, (i + 1) * n // pieces)
        yield in_tree(batch, operator.itemgetter(part)), (part.stop - part.start) / n


def pixel_by_pixel(images: torch.Tensor) -> torch.Tensor:
    """Images (N, C, H, W) with the channels of a pixel side by side in memory; other tensors as they are.

    Examples
    --------
    >>> pixel_by_pixel(torch.zeros(2, 3, 4, 5)).stride(), pixel_by_pixel(torch.zeros(2, 3)).stride()
    ((60, 1, 15, 3), (3, 1))
    """
    return images.contiguous(memory_format=torch.channels_last) if images.ndim == 4 else images


def _examples(batch: Batch) -> int:
    """How many examples a batch has; 1 if its tensors do not agree, so that it cannot be cut."""
    sizes: set[int] = set()

    def note(tensor: torch.Tensor) -> torch.Tensor:
        sizes.add(len(tensor))
        return tensor

    in_tree(batch, note)
    return sizes.pop() if len(sizes) == 1 else 1


def _compiler_faults(uncompiled: Forward | None) -> tuple[type[Exception], ...]:
    if uncompiled is None:
        return ()
    from torch._dynamo.exc import TorchDynamoException

    return (TorchDynamoException,)


def _say(line: str) -> None:
    tqdm.write(line)  # which leaves a progress bar whole
