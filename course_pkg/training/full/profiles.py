"""Where a full run belongs: on a GPU; elsewhere there is a small one of the same kind."""

import contextlib
import os
import platform
import resource
from collections.abc import Iterator
from typing import Literal, get_args

import torch

from course_pkg._validate import choice
from course_pkg.training.precision import best_device

Profile = Literal["full", "smoke"]
PROFILES: tuple[str, ...] = get_args(Profile)


class NeedsGPU(RuntimeError):
    """A full run was asked for where there is no GPU; the message says what to do."""


def profile_here() -> Profile:
    """What this machine can do: "full" on a GPU, else "smoke", a small network for a minute.

    Examples
    --------
    >>> profile_here() in ("full", "smoke")
    True
    """
    return "full" if best_device().type == "cuda" else "smoke"


def as_profile(profile: str | None) -> Profile:
    """`profile` if it is one, or for None that of this machine.

    Examples
    --------
    >>> as_profile("half")
    Traceback (most recent call last):
    ...
    ValueError: profile: got 'half', expected one of 'full', 'smoke'
    """
    if profile is None:
        return profile_here()
    return "full" if choice("profile", profile, PROFILES) == "full" else "smoke"


def refuse_without_gpu(name: str, profile: Profile, anyway: bool) -> None:
    """Refuse a full run on a CPU, unless somebody wants it anyway.

    Raises
    ------
    NeedsGPU
        Then.

    Examples
    --------
    >>> refuse_without_gpu("vgg", "smoke", anyway=False)
    """
    if profile == "full" and profile_here() == "smoke" and not anyway:
        raise NeedsGPU(
            f"full on a CPU would take days: {name} in full is meant for a GPU, and there is none here. The "
            'small version of the same: profile "smoke" (--profile smoke). To train in full all the same: '
            "anyway=True (--anyway)"
        )


def hardware() -> str:
    """What computes here, in words: the name of the GPU, or of how many cores the CPU is.

    Examples
    --------
    >>> hardware().startswith("CPU") or profile_here() == "full"
    True
    """
    if best_device().type == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU, {os.cpu_count()} cores"


def peak_memory() -> int:
    """The most bytes that were taken so far: by tensors on the GPU, or else by this process.

    Examples
    --------
    >>> peak_memory() > 1_000_000
    True
    """
    if best_device().type == "cuda":
        return torch.cuda.max_memory_allocated()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024  # elsewhere it counts in kilobytes


@contextlib.contextmanager
def tuned(profile: Profile) -> Iterator[None]:
    """Within this context a full run has the fastest kernels, a small one the same numbers on each machine.

    Examples
    --------
    >>> with tuned("smoke"):
    ...     torch.get_num_threads()
    1
    """
    threads = torch.get_num_threads()
    if best_device().type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    try:
        if profile == "smoke":
            torch.set_num_threads(1)  # sums are then taken in one order, however many cores there are
        with torch.backends.cudnn.flags(enabled=True, benchmark=profile == "full", allow_tf32=True):
            yield
    finally:
        torch.set_num_threads(threads)
