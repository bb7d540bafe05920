"""Submissions per minute: stock `nbgrader autograde` beside ours, same notebooks, one run; stored as JSON.

Run with `python tests/benchmarks/grading/measure_grading.py book/results/grading_speed.json`; options say how
many submissions and rounds. Each round grades fresh classes in each way, one way after the other, so that
other work on the machine slows all of them down; medians over the rounds are kept. What counts is the whole
command, from its start to its end, divided by the number of submissions. Ours does more than stock: the
sandbox, and, with `course_pkg grade`, feedback pages, the report and the CSV.
"""

import argparse
import ctypes
import json
import os
import platform
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import grading_course
import grading_stages

STOCK = "stock nbgrader autograde"
AUTOGRADE = "our nbgrader autograde"
PR_SET_CHILD_SUBREAPER = 36


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


def run(way: str, folder: Path, assignment: str) -> tuple[float, float]:
    """Grade a class; seconds on the clock, and of all its processes together on the processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command(way, assignment), cwd=folder, env=environment, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(
            f"{way}: exit status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
    _wait_for_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _wait_for_orphans() -> None:
    """Wait for what the command has left to end, such as bubblewrap's own process: its time counts too."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


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
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    points: dict[str, dict[str, float]] = {}
    for number in range(rounds):
        for way in ways:
            count = stock if way == STOCK else ours
            folder = scratch / f"{assignment}-{number}-{ways.index(way)}"
            shutil.copytree(templates[grading_course.STOCK if way == STOCK else grading_course.OURS], folder)
            grading_course.hand_in(folder, assignment, count)
            seconds, processor = run(way, folder, assignment)
            found[way].append((seconds / count, processor / count))
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
                "processor_seconds": round(median(processor for _, processor in runs), 3),
            }
            for way, runs in found.items()
        },
        "stages": {stage: round(value, 4) for stage, value in seconds.items()},
        "student_share": round(seconds["student"] / sum(seconds.values()), 3),
        "same_scores": all(len({of[student] for of in points.values()}) == 1 for student in common),
    }


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
            less = base["processor_seconds"] / of["processor_seconds"]
            rate, spent = of["per_minute"], of["processor_seconds"]
            print(f"{way:32} {rate:8.1f}  {ratio:11.1f}  {spent:11.2f}  {less:10.1f}")
        stages = ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in row["stages"].items())
        print(f"one submission by stage, in seconds: {stages}")
        print(f"the student's own cells are {row['student_share']:.0%} of that")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="the JSON file to write")
    parser.add_argument("--stock", type=int, default=12, help="submissions that stock nbgrader grades")
    parser.add_argument("--ours", type=int, default=36, help="submissions that we grade")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--notebook", choices=grading_course.SOURCES, action="append", help="only this one")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
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
