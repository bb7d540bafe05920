"""Submissions per minute: stock `nbgrader autograde` beside ours, same notebooks, one run; stored as JSON.

Run with `python tests/benchmarks/grading/measure_grading.py book/results/grading_speed.json`; options say how
many submissions and rounds. Each round grades fresh classes in each way, one way after the other, so that
other work on the machine slows all of them down; medians over the rounds are kept. What counts is the whole
command, from its start to its end, divided by the number of submissions. Ours does more than stock: the
sandbox, and, with `course_pkg grade`, feedback pages, the report and the CSV.
"""

import argparse
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

import grading_course
import grading_stages

STOCK = "stock nbgrader autograde"
AUTOGRADE = "our nbgrader autograde"


def grade(workers: int) -> str:
    """What the way of grading with that many workers is called."""
    return f"course_pkg grade, {workers} worker{'s' if workers > 1 else ''}"


def command(way: str, assignment: str) -> list[str]:
    """The command that grades a class in the current folder."""
    python = [sys.executable, "-m"]
    if way in (STOCK, AUTOGRADE):
        return [*python, "nbgrader", "autograde", assignment]
    workers = way.partition(", ")[2].partition(" ")[0]
    return [*python, "course_pkg", "grade", assignment, "--class", ".", "--workers", workers]


def run(way: str, folder: Path, assignment: str) -> tuple[float, float | None]:
    """Grade a class; seconds on the clock, and of all its processes together on the processors, if known."""
    with _meter() as group:
        start = time.perf_counter()
        done = subprocess.run(
            command(way, assignment),
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            preexec_fn=partial(_join, group),
        )
        seconds = time.perf_counter() - start
        if done.returncode:
            said = f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            raise RuntimeError(f"{way}: exit status {done.returncode}\n{said}")
        return seconds, _spent(group)


@contextmanager
def _meter() -> Iterator[Path | None]:
    """A control group of its own, which also counts processes that nobody waits for; None without rights."""
    own = {
        line.split(":")[1]: line.split(":")[2] for line in Path("/proc/self/cgroup").read_text().splitlines()
    }
    v1 = Path("/sys/fs/cgroup/cpuacct" + own.get("cpuacct", "/"))
    v2 = Path("/sys/fs/cgroup" + own.get("", "/"))
    place = v1 if v1.is_dir() else v2
    group = place / f"grading-speed-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        yield group
    finally:
        while (group / "cgroup.procs").read_text():
            time.sleep(0.05)  # until the last has ended
        group.rmdir()


def _join(group: Path | None) -> None:
    if group is not None:
        (group / "cgroup.procs").write_text(str(os.getpid()))


def _spent(group: Path | None) -> float | None:
    """Processor seconds of all processes that have ever been in the group."""
    if group is None:
        return None
    if (group / "cpuacct.usage").exists():
        return int((group / "cpuacct.usage").read_text()) / 1e9
    return int((group / "cpu.stat").read_text().split()[1]) / 1e6


def scores(folder: Path) -> dict[str, float]:
    """Each student's points, from the gradebook."""
    query = """
        SELECT submitted_assignment.student_id, SUM(COALESCE(grade.manual_score, grade.auto_score, 0))
        FROM grade
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
        GROUP BY submitted_assignment.student_id
    """
    with sqlite3.connect(folder / "gradebook.db") as database:
        return dict(database.execute(query))


def measure(assignment: str, stock: int, ours: int, rounds: int, ways: list[str], scratch: Path) -> dict:
    """All ways on one notebook."""
    templates = {}
    for config in (grading_course.STOCK, grading_course.OURS):
        templates[config] = scratch / f"{assignment}-{len(templates)}"
        grading_course.make(templates[config], assignment, config)
    found: dict[str, list[tuple[float, float | None]]] = {way: [] for way in ways}
    points: dict[str, dict[str, float]] = {}
    for number in range(rounds):
        for way in ways:
            count = stock if way == STOCK else ours
            folder = scratch / f"{assignment}-{number}-{ways.index(way)}"
            shutil.copytree(templates[grading_course.STOCK if way == STOCK else grading_course.OURS], folder)
            grading_course.hand_in(folder, assignment, count, stock)
            seconds, processor = run(way, folder, assignment)
            found[way].append((seconds / count, processor and processor / count))
            points[way] = scores(folder)
            print(f"{assignment} {way}: {seconds:.1f} s for {count}", file=sys.stderr, flush=True)
            if way != ways[-1]:
                shutil.rmtree(folder)
    seconds = grading_stages.stages(folder, assignment)
    common = set.intersection(*map(set, points.values()))
    return {
        "cells": len(_notebook(assignment)["cells"]),
        "ways": {
            way: {
                "submissions": stock if way == STOCK else ours,
                "per_minute": round(60 / median(wall for wall, _ in runs), 2),
                "per_minute_of_each_round": [round(60 / wall, 2) for wall, _ in runs],
                "processor_seconds": _median([processor for _, processor in runs]),
            }
            for way, runs in found.items()
        },
        "stages": {stage: round(value, 4) for stage, value in seconds.items()},
        "student_share": round(seconds["student"] / sum(seconds.values()), 3),
        "same_scores": all(len({of[student] for of in points.values()}) == 1 for student in common),
    }


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 3) if known else None


def _notebook(assignment: str) -> dict:
    path = grading_course.SOURCES[assignment] / assignment / f"{assignment}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))


def machine() -> dict:
    """The machine in words, without its name or paths."""
    words = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(
        (line.partition(": ")[2] for line in words if line.startswith("model name")), platform.machine()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory),
        "load_at_start": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in ("nbgrader", "ipykernel", "numpy", "matplotlib", "torch")},
    }


def show(found: dict) -> None:
    """Print the table."""
    for assignment, row in found["notebooks"].items():
        base = row["ways"][STOCK]
        print(f"\n{assignment}, {row['cells']} cells, same scores in all ways: {row['same_scores']}")
        print(f"{'':32} a minute  times stock  processor s  times less")
        for way, of in row["ways"].items():
            ratio = of["per_minute"] / base["per_minute"]
            spent = of["processor_seconds"]
            less = base["processor_seconds"] / spent if spent else float("nan")
            print(f"{way:32} {of['per_minute']:8.1f}  {ratio:11.1f}  {spent or 0:11.2f}  {less:10.1f}")
        stages = ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in row["stages"].items())
        print(f"one submission by stage, in seconds: {stages}")
        print(f"the student's own cells are {row['student_share']:.0%} of that")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="the JSON file to write")
    parser.add_argument("--stock", type=int, default=12, help="submissions that stock nbgrader grades")
    parser.add_argument(
        "--ours", type=int, default=96, help="submissions that we grade: a multiple, for the same mix"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--notebook", choices=grading_course.SOURCES, action="append", help="only this one")
    options = parser.parse_args()
    if options.ours % options.stock:
        parser.error(f"--ours: got {options.ours}, expected a multiple of --stock, {options.stock}")
    found: dict = {"machine": machine(), "rounds": options.rounds, "notebooks": {}}
    ways = [STOCK, AUTOGRADE, *map(grade, options.workers)]
    with tempfile.TemporaryDirectory() as scratch:
        for assignment in options.notebook or grading_course.SOURCES:
            found["notebooks"][assignment] = measure(
                assignment, options.stock, options.ours, options.rounds, ways, Path(scratch)
            )
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)


if __name__ == "__main__":
    main()
