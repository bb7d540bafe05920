"""The command `python -m course_pkg train` for the large networks: `run_full`, and what it says."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_pkg.data.registry import DataUnavailable
from course_pkg.training.cards import write_json
from course_pkg.training.distributed import here
from course_pkg.training.full.profiles import NeedsGPU, as_profile, profile_here
from course_pkg.training.full.run import USUAL_DATA, full_experiment, run_full

RESULTS = Path("book/results/gpu")


def run(
    name: str,
    *,
    data: str | None = None,
    folder: Path | None = None,
    profile: str | None = None,
    out: Path | None = None,
    steps: int | None = None,
    seeds: Sequence[int] | None = None,
    anyway: bool = False,
) -> int:
    """Train a large network from each seed, and say what came of it.

    The card of a full run on a GPU is also written to `book/results/gpu/NAME_DATA_SEED.json`, from which the
    book draws its page of results; not if it took other `steps` or `out` says where everything goes.

    Parameters
    ----------
    name, data, folder, profile, out, steps, anyway
        As in `run_full`.
    seeds
        0 if not given. The weights that are left are those of the last.

    Returns
    -------
    int
        Exit status of the command line: 0; 1 if data is missing or there is no GPU; 2 if there is no such
        set; 130 if somebody interrupted it.

    Examples
    --------
    >>> run("alexnet", data="stamps")
    2
    """
    chosen = as_profile(profile)
    data = data or USUAL_DATA[name][chosen]
    try:
        full_experiment(name, data=data, profile=chosen, folder=folder)
    except DataUnavailable as missing:
        return _end(missing, 1)
    except ValueError as unknown:
        return _end(unknown, 2)
    for seed in seeds or (0,):
        print(f"{name}, {chosen} profile, {data}, seed {seed}", flush=True)
        try:
            card = run_full(
                name, data=data, profile=chosen, folder=folder, out=out, steps=steps, seed=seed, anyway=anyway
            ).card
        except (DataUnavailable, NeedsGPU) as problem:
            return _end(problem, 1)
        except KeyboardInterrupt:
            return _end("interrupted; the same command goes on from the last checkpoint", 130)
        print(f"  {in_words(card)}", flush=True)
        if chosen == profile_here() == "full" and steps is None and out is None and here().rank == 0:
            RESULTS.mkdir(parents=True, exist_ok=True)
            write_json(RESULTS / f"{name}_{data}_{seed}.json", card)
    return 0


def in_words(card: Mapping[str, Any]) -> str:
    """What a card of `run_full` says of a run, in one line.

    Examples
    --------
    >>> in_words({"measured": {"test_error": 0.0725}, "wall_seconds": 301.4, "images_per_second": 12345.6,
    ...           "peak_memory_bytes": 4.2e9, "hardware": "NVIDIA H200"})
    'test_error 0.0725; 301 s, 12,346 images/s, at most 4.2 GB, on NVIDIA H200'
    """
    figures = ", ".join(f"{name} {value:g}" for name, value in card["measured"].items())
    rate = f", {card['images_per_second']:,.0f} images/s" if card["images_per_second"] else ""
    memory = f"at most {card['peak_memory_bytes'] / 1e9:.1f} GB"
    return f"{figures}; {card['wall_seconds']:.0f} s{rate}, {memory}, on {card['hardware']}"


def _end(problem: Exception | str, status: int) -> int:
    print(problem, file=sys.stderr)
    return status
