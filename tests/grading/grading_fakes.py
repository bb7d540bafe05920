"""Stands in for running a notebook, where a test is about what happens around that."""

import json
import os
import signal
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from course_pkg.grading.execution.task import Outcome, Task


def notebook(*cells: tuple[str, str | None]) -> str:
    """A notebook as JSON; a cell is its source, and the part that it tests or None."""
    return json.dumps(
        {"cells": [_cell(*cell) for cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )


def _cell(source: str, part: str | None) -> dict[str, Any]:
    settings = {"grade": True, "solution": False, "grade_id": part, "points": 2, "locked": True}
    return {
        "cell_type": "code",
        "id": sha256(source.encode()).hexdigest()[:8],
        "metadata": {"nbgrader": settings} if part else {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def task(student: str = "ada", content: str | None = None, **more: Any) -> Task:
    if content is None:
        content = notebook(("x = 1", None), ("test x", "x"), ("y = 2", None), ("test y", "y"))
    return Task(student, "a1", "a1", content, **more)


def execute(task: Task) -> Outcome:
    """What runs in place of the sandbox: the score of a test is a hash of all that it could see.

    A student's cell that begins with `die` kills this process as often as the number in the file that it
    names says, `sleep` takes its time, `raise` raises, `tell` tells the instructor.
    """
    content = json.loads(task.content)
    seen, incidents = "", []
    for count, cell in enumerate(content["cells"], 1):
        settings = cell["metadata"].get("nbgrader")
        if settings is None:
            seen += cell["source"]
            incidents += _act(cell["source"])
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"ran {cell['source']}"}]
        elif task.only is None or settings["grade_id"] in task.only:
            score = int(sha256((seen + cell["source"]).encode()).hexdigest(), 16) % 200 / 100
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": f"{score}"},
                    "metadata": {},
                    "execution_count": count,
                }
            ]
            incidents += [f"slow test {settings['grade_id']}"] if "slow" in cell["source"] else []
        cell["execution_count"] = count
    return Outcome(json.dumps(content), {"student": 0.25, "tests": 0.5}, tuple(incidents))


def _act(source: str) -> list[str]:
    word, _, rest = source.partition(" ")
    if word == "die":
        left = int(Path(rest).read_text())
        if left:
            Path(rest).write_text(str(left - 1))
            os.kill(os.getpid(), signal.SIGKILL)
    elif word == "sleep":
        time.sleep(float(rest.split()[0]))
    elif word == "raise":
        raise RuntimeError(rest)
    elif word == "tell":
        return [rest]
    return []


def execute_and_name_process(task: Task) -> Outcome:
    """As `execute`; the first thing that the instructor is told is this process's number."""
    outcome = execute(task)
    return Outcome(outcome.content, outcome.seconds, (str(os.getpid()), *outcome.incidents))


def print_something(task: Task) -> Outcome:
    os.system("echo printed by the worker")
    return execute(task)
