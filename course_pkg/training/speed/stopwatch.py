"""Time by part of a training step, taken from outside: by what a loop is given, not by changes in it."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from course_pkg._validate import positive_int
from course_pkg.training.batches import Batch, Epochs

PARTS = ("data", "augmentation", "forward", "backward", "optimiser", "rest")


class Stopwatch:
    """Marks at which parts of a step end: CUDA events on a GPU, which nothing waits for, else the clock.

    Parameters
    ----------
    device
        Where the network computes.
    skip
        Steps at the start that do not count, at least 1.

    Examples
    --------
    >>> watch = Stopwatch(torch.device("cpu"), skip=1)
    >>> for _ in range(3):
    ...     for part in ("data", "rest", "forward"):
    ...         watch.mark(part)
    ...     watch.end_step()
    >>> watch.steps, list(watch.parts())
    (2, ['data', 'forward', 'rest'])
    """

    def __init__(self, device: torch.device, skip: int) -> None:
        self.device, self.skip = device, positive_int("skip", skip)
        self.steps = -skip
        """How many steps have counted."""
        self._marks: list[list[tuple[str, Any]]] = []
        self._start = 0.0

    def mark(self, part: str) -> None:
        """Say that this part of a step ends here; a step may have several of the same name."""
        if self.steps >= 0:
            self._marks[-1].append((part, self._moment()))

    def end_step(self) -> None:
        """Say that a step ends here; what was after its last mark is "rest"."""
        self.mark("rest")
        self.steps += 1
        if self.steps == 0:
            self._wait()
            self._start = time.perf_counter()
        if self.steps >= 0:
            self._marks.append([("start", self._moment())])

    def stop(self) -> float:
        """Wait until all is computed; seconds for each step that counts.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self.steps < 1:
            raise ValueError(f"skip: got {self.skip}, expected less than the steps that were taken")
        self._wait()
        return (time.perf_counter() - self._start) / self.steps

    def parts(self) -> dict[str, float]:
        """Seconds of each part, the median over the steps that count, in the order of `PARTS`."""
        self._wait()
        spans: dict[str, list[float]] = {}
        for step in self._marks[:-1]:
            taken: dict[str, float] = {}
            for (_, before), (part, now) in itertools.pairwise(step):
                taken[part] = taken.get(part, 0.0) + _between(before, now)
            for part, seconds in taken.items():
                spans.setdefault(part, []).append(seconds)
        return {part: median(spans[part]) for part in PARTS if part in spans}

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _moment(self) -> Any:
        if self.device.type != "cuda":
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


def _between(before: Any, now: Any) -> float:
    return now - before if isinstance(now, float) else before.elapsed_time(now) / 1e3


@dataclass(frozen=True)
class Watched:
    """Batches that tell when one is asked for, and when it has come.

    Examples
    --------
    >>> from course_pkg.training.batches import batches
    >>> told = []
    >>> some = batches(torch.zeros(4, 1), torch.zeros(4), batch_size=2)
    >>> watched = Watched(some, lambda: told.append("asked"), lambda: told.append("came"))
    >>> for _ in watched.epoch(0):
    ...     told.append("used")
    >>> told
    ['asked', 'came', 'used', 'asked', 'came', 'used']
    """

    batches: Epochs
    asked: Callable[[], object]
    came: Callable[[], object]

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from batch `start` on."""
        coming = self.batches.epoch(number, start)
        for _ in range(start, len(self)):
            self.asked()
            batch = next(coming)
            self.came()
            yield batch
