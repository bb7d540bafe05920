"""Run a student's copy of an assignment from top to bottom and say how each part stands.

This is `python -m course_pkg check NOTEBOOK`, and what a student sees is what the visible tests say. The
notebook on disk is not changed.
"""

import logging
import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING

from course_pkg.checks.part import VERDICT_TYPE, as_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

TIME_LIMIT = 30  # seconds for one cell; grading gives it as long
PATIENCE = 10  # seconds for a cell to stop when told to
ENDLESS = "stopped after {seconds} seconds: is there an endless loop?"


def check(path: Path) -> int:
    """Execute a copy of the notebook in its folder and print the verdict of each part.

    Parameters
    ----------
    path : Path
        The notebook.

    Returns
    -------
    int
        0 if all visible tests pass, 1 if something fails or is not written yet, 2 if there is no such
        notebook or it cannot be read or run.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
    except ImportError as error:
        return _complain(f'{error.name} is missing: pip install "course-pkg[notebooks]"')
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        return _complain(f"there is no notebook {path}")
    except Exception as error:  # on a damaged file nbformat raises whatever it stumbles over
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return _complain(f"{path} cannot be read as a notebook: {reason[:200]}")
    if not any(_is_graded(cell) for cell in notebook.cells):
        return _complain(f"{path} has no graded parts: is it your copy of an assignment?")
    silent = logging.getLogger(__name__)
    silent.setLevel(logging.CRITICAL + 1)
    late = {"ename": "CellTimeoutError", "evalue": ENDLESS.format(seconds=TIME_LIMIT), "traceback": []}
    client = NotebookClient(
        notebook,
        timeout=TIME_LIMIT,
        interrupt_on_timeout=True,
        error_on_timeout=late,
        raise_on_iopub_timeout=True,  # the cell goes on all the same
        iopub_timeout=PATIENCE,
        kernel_name="python3",
        allow_errors=True,
        log=silent,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    try:
        client.execute(stderr=DEVNULL)  # where the kernel talks of itself; what cells print is in the outputs
    except CellTimeoutError:
        print("a cell runs on and cannot be stopped: is there an endless loop?")
    except DeadKernelError:
        return _complain("a cell ended Python itself: run the cells one by one to find it")
    return _report(notebook)


def _report(notebook: "NotebookNode") -> int:
    """Print the state of every part; 0 if there is nothing left to do."""
    done = True
    for cell in notebook.cells:
        if not _is_graded(cell):
            if _was_stopped(cell):
                lines = [line.strip() for line in cell.source.splitlines() if "WhenWritten" not in line]
                print(f"A cell was {ENDLESS.format(seconds=TIME_LIMIT)} It begins with `{lines[0]}`.")
                done = False
            continue
        name = cell.metadata.nbgrader.grade_id
        if cell.cell_type == "code":
            verdict = _verdict(cell)
            passes = verdict is not None and verdict["state"] in ("visible tests pass", "graded")
            print(as_text(verdict) if verdict else f"{name}: its test cell did not run to its end")
            done &= passes
        else:
            print(f"{name}: {cell.metadata.nbgrader.points:g} points, read by a person")
    print("All visible tests pass." if done else "There is still something to do.")
    return 0 if done else 1


def _was_stopped(cell: "NotebookNode") -> bool:
    outputs = cell.outputs if cell.cell_type == "code" else []
    return any(output.output_type == "error" and output.ename == "KeyboardInterrupt" for output in outputs)


def _verdict(cell: "NotebookNode") -> dict | None:
    shown = [output.data for output in cell.outputs if output.output_type == "display_data"]
    return next((data[VERDICT_TYPE] for data in shown if VERDICT_TYPE in data), None)


def _is_graded(cell: "NotebookNode") -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _complain(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
