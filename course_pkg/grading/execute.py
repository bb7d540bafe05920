"""Run one submission: the student's cells in their sandbox, the test cells in another, a verdict a part."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import AF_UNIX, SOCK_STREAM, socketpair
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import is_grade, is_locked, is_solution

from course_pkg.checks import shortcuts, wire
from course_pkg.checks.part import VERDICT_TYPE
from course_pkg.checks.suspicion import suspicious
from course_pkg.grading import outputs
from course_pkg.grading.limits import Limits
from course_pkg.grading.sandbox.packages import every_course_part
from course_pkg.grading.sandbox.provisioner import room
from course_pkg.grading.sandbox.room import Child, Furniture
from course_pkg.grading.student_kernel import TIME_OVER, KernelDiedError, StudentKernel
from course_pkg.grading.task import Outcome, Task

MOST_RESTARTS = 6  # of a kernel that keeps dying
AFTERWARDS = 0.4  # seconds in which a kernel ends that a cell has told to end


def execute(task: Task, sandboxed: bool = True) -> Outcome:
    """Run the student's cells and the test cells of one notebook.

    Parameters
    ----------
    task : Task
        The repaired notebook and what goes with it.
    sandboxed : bool
        Whether in a sandbox. Without one, the student's code may do all that this process may.

    Returns
    -------
    Outcome
        Whatever the student's code does, there is one. Each test cell that was asked for ends in a verdict
        with its score, or in an error, which nbgrader gives no points.

    Raises
    ------
    NoSandboxError
        If there is no sandbox to be had on this machine.
    RoomFailedError
        If one could not be started, which says nothing about the submission.
    """
    notebook = nbformat.reads(task.content, as_version=4)
    tests = [cell for cell in notebook.cells if is_test(cell) and _is_wanted(cell, task)]
    run = _Run(task, notebook, sandboxed)
    try:
        for index, cell in enumerate(notebook.cells):
            if any(cell is test for test in tests):
                run.keep(cell.metadata.nbgrader.grade_id)
            elif cell.cell_type == "code" and not is_test(cell):
                run.student_cell(index, cell)
        for cell in tests:
            run.test_cell(cell)
    finally:
        run.close()
    return Outcome(nbformat.writes(notebook), run.seconds, tuple(run.incidents))


def is_test(cell: NotebookNode) -> bool:
    """Whether a cell is a test cell: one that gives points and that the student does not write."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def _is_wanted(cell: NotebookNode, task: Task) -> bool:
    return task.only is None or cell.metadata.nbgrader.grade_id in task.only


def _forbidden_in(cell: NotebookNode) -> set[str]:
    """The functions that a test cell forbids; none, where it cannot be told: the cell itself will fail."""
    try:
        return shortcuts.names_in(cell.source)
    except ValueError:
        return set()


@dataclass(frozen=True)
class _Step:
    """What a new kernel has to do again: run a cell, or leave a keeper for a test cell."""

    cell: int | None = None
    keeper: str = ""


class _Run:
    """One notebook on its way: a kernel and a tester, and new ones in their place when they are lost.

    First all of the student's cells run, and where a test cell stands the kernel leaves a keeper of its
    state. Only then are the tests run, each on its keeper: what they send can come out in no cell.
    """

    def __init__(self, task: Task, notebook: NotebookNode, sandboxed: bool) -> None:
        self.limits = task.limits
        self.files = task.files
        self.cells = notebook.cells
        self.until = time.monotonic() + task.limits.total
        self.seconds = dict.fromkeys(("kernel", "student", "tests", "shutdown"), 0.0)
        self.incidents: list[str] = []
        self.kernel: StudentKernel | None = None
        self.tester: _Tester | None = None
        self.done: list[_Step] = []
        self.starts = 0
        self.watchful = False  # whether a kernel has ended a moment after a cell
        limits = task.limits
        forbidden = {name for cell in self.cells if is_test(cell) for name in _forbidden_in(cell)}
        self.rooms = (
            Furniture("kernel", limits.packages, limits.course, tuple(sorted(forbidden)), sandboxed),
            Furniture("tester", limits.test_packages, tuple(every_course_part()), (), sandboxed),
        )

    def student_cell(self, index: int, cell: NotebookNode) -> None:
        """Run a cell of the student's; if the kernel dies of it, that is the end of this cell only."""
        cell.outputs = []
        if not cell.source.strip():
            return
        if not is_locked(cell):
            for line in suspicious(cell.source):
                self._incident(f"cell {index + 1}: {line}")
        while self._ready():
            assert self.kernel is not None
            try:
                with self._timed("student"):
                    told = self.kernel.run(cell, self._time_for(self.limits.cell))
            except KernelDiedError as death:
                if self._was_an_earlier_cell():
                    continue
                cell.outputs.append(outputs.error("KernelDied", str(death)))
                self._incident(f"cell {index + 1} ended the kernel: {death}")
                return
            if told:
                self._incident(f"cell {index + 1}: {told}")
            if not any(output.get("ename") == TIME_OVER for output in cell.outputs):
                self.done.append(_Step(cell=index))
            return
        cell.outputs = [outputs.error("NotRun", self.incidents[-1])]

    def keep(self, name: str) -> None:
        """Have the kernel keep its present state for a test cell."""
        while self._ready():
            assert self.kernel is not None
            try:
                with self._timed("tests"):
                    self.kernel.leave_keeper(name)
                self.done.append(_Step(keeper=name))
                return
            except KernelDiedError as death:
                if not self._was_an_earlier_cell():
                    self._incident(f"{name}: {death}")
                    return

    def test_cell(self, cell: NotebookNode) -> None:
        """Run a test cell; it ends in a verdict and a score, or in an error."""
        name = cell.metadata.nbgrader.grade_id
        cell.outputs = []
        if not self._ready():
            cell.outputs = [outputs.error("NotTested", self.incidents[-1])]
            return
        assert self.tester is not None
        with self._timed("tests"):
            answer = self.tester.test(name, cell.source, self._time_for(self.limits.tests))
        if answer is None:
            problem = f"{name}: {self._whose_time_is_over()}"
        elif "verdict" in answer:
            cell.outputs = _verdict_outputs(answer, float(cell.metadata.nbgrader.points))
            problem = "; ".join(f"{name}: {line}" for line in (*answer["deaths"], answer["lost"]) if line)
        else:
            problem = f"{name}: the test cell itself failed: {answer['error']}"
        if not cell.outputs:
            cell.outputs = [outputs.error("NotTested", problem)]
        if problem:
            self._incident(problem)
        self.done = [step for step in self.done if step.keeper != name]
        if answer is None or answer["lost"]:
            self._let_go()

    def close(self) -> None:
        """End the kernel and the tester."""
        with self._timed("shutdown"):
            self._let_go()

    def _ready(self) -> bool:
        """Have a kernel that has done all earlier steps, and a tester; False if there is none to be had."""
        while self.kernel is None:
            if time.monotonic() >= self.until:
                self._incident(self._whose_time_is_over())
                return False
            if self.starts > MOST_RESTARTS:
                self._incident(f"the kernel was lost {self.starts} times; the rest was not run")
                return False
            self.starts += 1
            with self._timed("kernel"):
                self.kernel = StudentKernel(self.rooms[0], self.limits, self.files)
                lines = {line.strip() for cell in self.cells for line in cell.source.splitlines()}
                self.tester = _Tester(self.rooms[1], self.limits, self.kernel, sorted(lines))
            self._repeat(self.kernel)
        return True

    def _repeat(self, kernel: StudentKernel) -> None:
        """Do all earlier steps again, in a kernel that has taken another's place.

        One that does not survive them is given up. If it ends only after the last, the next is watched after
        every step, to find the one that it is due to.
        """
        for step in list(self.done):
            try:
                if step.cell is None:
                    kernel.leave_keeper(step.keeper)
                else:
                    again = new_code_cell(self.cells[step.cell].source)
                    kernel.run(again, self._time_for(self.limits.cell))
                watched = self.watchful or step == self.done[-1]
                if watched and not kernel.is_alive(AFTERWARDS):
                    raise KernelDiedError(kernel.how_it_ended())
            except KernelDiedError as death:
                self._let_go()
                if self.watchful:
                    what = step.keeper if step.cell is None else f"cell {step.cell + 1}"
                    self._incident(f"{what} ended the kernel, a moment later: {death}")
                    self.done.remove(step)
                self.watchful = True
                return

    def _was_an_earlier_cell(self) -> bool:
        """Whether the kernel's death turns out to be the work of a cell that had run before."""
        self._let_go()
        steps = len(self.done)
        return self._ready() and len(self.done) < steps

    def _let_go(self) -> None:
        for part in (self.tester, self.kernel):
            if part is not None:
                part.close()
        self.kernel = self.tester = None

    def _time_for(self, seconds: float) -> float:
        return min(seconds, self.until - time.monotonic())

    def _whose_time_is_over(self) -> str:
        if time.monotonic() >= self.until:
            return f"the {self.limits.total:g} seconds for the whole notebook are over"
        return f"its tests took longer than {self.limits.tests:g} seconds, or ended the process that ran them"

    def _incident(self, line: str) -> None:
        if line not in self.incidents:
            self.incidents.append(line)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - start


class _Tester:
    """The process that holds the hidden tests, for one kernel."""

    def __init__(self, furniture: Furniture, limits: Limits, kernel: StudentKernel, lines: list[str]) -> None:
        self.orders, inside = socketpair(AF_UNIX, SOCK_STREAM)
        with inside:
            channels = [inside, kernel.tests_end]
            files = {"lines.json": json.dumps(lines).encode()}
            self.child: Child = room(furniture).fork(limits, channels, files)

    def test(self, name: str, source: str, seconds: float) -> dict[str, Any] | None:
        """Run one test cell; None if that took too long, or the tester did not survive it."""
        until = time.monotonic() + max(0.0, seconds)
        try:
            wire.send(self.orders, {"name": name, "source": source}, until)
            return wire.receive(self.orders, deadline=until)
        except (TimeoutError, EOFError, OSError):
            return None

    def close(self) -> None:
        """End it."""
        self.orders.close()
        self.child.send_signal(9)
        self.child.wait(2)


def _verdict_outputs(answer: dict[str, Any], points: float) -> list[NotebookNode]:
    """A verdict as nbgrader reads it: what to show, and the score; an error where there is none."""
    verdict, score = answer["verdict"], answer["verdict"]["score"]
    shown = new_output("display_data", data={"text/plain": answer["text"], VERDICT_TYPE: verdict})
    if verdict["points"] != points:
        wrong = f"the part says {verdict['points']:g} points, its cell {points:g}"
        return [shown, outputs.error("NotTested", wrong)]
    if not score or not 0 < score <= points:
        return [shown, outputs.error("PartFailedError", f"{verdict['part']}: 0 of {points:g} points")]
    result = new_output("execute_result", data={"text/plain": repr(float(score))}, execution_count=None)
    return [shown, result]
