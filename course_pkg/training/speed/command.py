"""`python -m course_pkg bench train`: how fast training goes here, beside a tutorial's loop."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from course_pkg.training.cards import write_json
from course_pkg.training.full.profiles import as_profile, hardware
from course_pkg.training.precision import best_device
from course_pkg.training.speed.ceiling import matrix_flops
from course_pkg.training.speed.comparison import jobs, measure, ways_of
from course_pkg.training.speed.stopwatch import PARTS

RESULTS = Path("book/results/training_speed.json")
DATA = "50,000 images of 3×32×32 random bytes, as many and as large as those of CIFAR-10"


def run(profile: str | None = None, out: str | Path | None = None) -> int:
    """Measure, print a table, and store the figures.

    Parameters
    ----------
    profile
        "full" or "smoke"; if not given, as this machine can.
    out
        The file; `book/results/training_speed.json`, from which the book draws its page, if not given.

    Returns
    -------
    int
        Exit status of the command line: 0.

    Raises
    ------
    ValueError
        If there is no such profile.
    """
    chosen, device = as_profile(profile), best_device()
    chosen_jobs = jobs(chosen)
    precisions = {way.precision for job in chosen_jobs.values() for way in ways_of(job).values()}
    ceilings = {precision: matrix_flops(device, precision) for precision in sorted(precisions)}
    results: dict[str, Any] = {
        "hardware": hardware(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "profile": chosen,
        "data": DATA,
        "load_at_start": round(os.getloadavg()[0], 1),
        "ceiling_flops": {precision: float(f"{flops:.4g}") for precision, flops in ceilings.items()},
        "networks": {},
    }
    print(heading(results), flush=True)
    for name, job in chosen_jobs.items():
        results["networks"][name] = measure(job, device, ceilings)
        print(f"\n{table(name, results['networks'][name])}", flush=True)
    file = Path(out or RESULTS)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, results)
    return 0


def heading(results: Mapping[str, Any]) -> str:
    """Where it was measured, and how much a matrix product computes there."""
    ceilings = ", ".join(
        f"{flops / 1e12:.3g} TFLOP/s in {precision}" for precision, flops in results["ceiling_flops"].items()
    )
    threads = f"{results['threads']} thread{'' if results['threads'] == 1 else 's'}"
    return (
        f"{results['hardware']}, {threads}, torch {results['torch']}, profile {results['profile']}\n"
        f"best matrix product: {ceilings}"
    )


def table(name: str, measured: Mapping[str, Any]) -> str:
    """Images a second and share of the ceiling, then the parts of a step, a way a line.

    Examples
    --------
    >>> way = {"images_per_second": 800.0, "lowest_and_highest": [790.0, 820.0], "share_of_ceiling": 0.4}
    >>> way["milliseconds"] = {"data": 1.0, "forward": 3.0, "backward": 5.0, "optimiser": 1.0, "rest": 0.0}
    >>> ways = {"plain loop": way, "ours": {**way, "images_per_second": 1600.0}, "ours, random tensors": way}
    >>> shape = {"input": [3, 32, 32], "batch_size": 8, "flops_an_image": 2e9}
    >>> print(table("small VGG", {**shape, "ways": ways}))
    small VGG on 3×32×32, batches of 8, 2 GFLOP to train on one image
                               images/s  lowest–highest   × plain   ceiling
    plain loop                      800         790–820      1.00       40%
    ours                          1,600         790–820      2.00       40%
    ours, random tensors            800         790–820      1.00       40%
    milliseconds                   data  augmentation  forward  backward  optimiser  rest
    plain loop                      1.0             –      3.0       5.0        1.0   0.0
    ours                            1.0             –      3.0       5.0        1.0   0.0
    ours, random tensors            1.0             –      3.0       5.0        1.0   0.0
    end to end, ours has 200% of its speed on random tensors
    """
    size, ways = "×".join(map(str, measured["input"])), measured["ways"]
    rate = {way: figures["images_per_second"] for way, figures in ways.items()}
    lines = [
        f"{name} on {size}, batches of {measured['batch_size']}, "
        f"{measured['flops_an_image'] / 1e9:.3g} GFLOP to train on one image",
        f"{'':26}{'images/s':>9}{'lowest–highest':>16}{'× plain':>10}{'ceiling':>10}",
    ]
    for way, figures in ways.items():
        ends = "–".join(map(_rate, figures["lowest_and_highest"]))
        lines.append(
            f"{way:26}{_rate(rate[way]):>9}{ends:>16}{rate[way] / rate['plain loop']:10.2f}"
            f"{figures['share_of_ceiling']:10.0%}"
        )
    widths = {part: max(9, len(part) + 2) if part != "rest" else 6 for part in PARTS}
    lines.append(f"{'milliseconds':26}" + "".join(f"{part:>{width}}" for part, width in widths.items()))
    for way, figures in ways.items():
        parts = figures["milliseconds"]
        shown = {part: f"{parts[part]:.1f}" if part in parts else "–" for part in PARTS}
        lines.append(f"{way:26}" + "".join(f"{shown[part]:>{width}}" for part, width in widths.items()))
    share = rate["ours"] / rate["ours, random tensors"]
    return "\n".join([*lines, f"end to end, ours has {share:.0%} of its speed on random tensors"])


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
