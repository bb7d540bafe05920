"""The part of `course_pkg.checks.work` that measures what a call of the student's function takes."""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from course_pkg.checks.plain import plain

TRACEMALLOC, PROFILER = "tracemalloc", "torch.profiler"


def measure(function: Callable, args: list, kwargs: dict, request: dict[str, Any]) -> dict[str, Any]:
    """Call the function twice: once for the time, and once more for the memory, which slows it down.

    Returns
    -------
    dict
        seconds: processor time of all threads of the process. bytes: the most that was allocated at a time,
        beyond the arguments. by: what has counted them, `tracemalloc` for Python and NumPy or, where tensors
        are asked for, `torch.profiler` for PyTorch.
    """
    fresh_args: Any = plain(args)
    fresh_kwargs: Any = plain(kwargs)
    if request.get("tensors"):
        from course_pkg.checks import tensors

        start = time.process_time()
        tensors.call(function, args, kwargs, request)
        seconds = time.process_time() - start
        return {
            "seconds": seconds,
            "bytes": tensors.peak_bytes(function, fresh_args, fresh_kwargs, request),
            "by": PROFILER,
        }
    start = time.process_time()
    function(*args, **kwargs)
    seconds = time.process_time() - start
    return {"seconds": seconds, "bytes": _peak(function, fresh_args, fresh_kwargs), "by": TRACEMALLOC}


def _peak(function: Callable, args: Any, kwargs: Any) -> int:
    """The most bytes that Python and NumPy had allocated at a time while it ran."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        function(*args, **kwargs)
        return max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not running:
            tracemalloc.stop()
