"""Run one submission: the student's cells in their sandbox, the test cells in another, a verdict a part."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.utils import is_grade, is_locked, is_solution

from course_pkg.checks import shortcuts
from course_pkg.checks.suspicion import suspicious
from course_pkg.grading.execution import outputs
from course_pkg.grading.execution.student_kernel import TIME_OVER, KernelDiedError, StudentKernel
from course_pkg.grading.execution.task import Outcome, Task
from course_pkg.grading.execution.tester_process import Answer, TesterProcess, verdict_outputs
from course_pkg.grading.sandbox.packages import every_course_part
from course_pkg.grading.sandbox.room import Furniture
from course_pkg.grading.sandbox.tester import ENDED

OUTPUTS = 10  # how many cells' full output a notebook can hold
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
    run = _Run(task, notebook, [cell.metadata.nbgrader.grade_id for cell in tests], sandboxed)
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


@lru_cache
def _forbidden(source: str) -> frozenset[str]:
    """What a test cell forbids; the next submission has the same."""
    return frozenset(shortcuts.names_in(source))


def _is_wanted(cell: NotebookNode, task: Task) -> bool:
    return task.only is None or cell.metadata.nbgrader.grade_id in task.only


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

    def __init__(self, task: Task, notebook: NotebookNode, tests: list[str], sandboxed: bool) -> None:
        self.tests = tests
        self.limits = task.limits
        self.files = task.files
        self.cells = notebook.cells
        self.until = time.monotonic() + task.limits.total
        self.seconds = dict.fromkeys(("kernel", "student", "tests", "shutdown"), 0.0)
        self.incidents: list[str] = []
        self.kernel: StudentKernel | None = None
        self.tester: TesterProcess | None = None
        self.done: list[_Step] = []
        self.starts = 0
        self.chances = 2  # of being killed from outside without losing a cell for it
        self.room = OUTPUTS * task.limits.output  # megabytes for the outputs that are still to come
        self.watchful = False  # whether a kernel has ended a moment after a cell
        self.careful = False  # whether a keeper has died of a call
        limits = task.limits
        forbidden: set[str] = set()
        for cell in filter(is_test, self.cells):
            try:
                forbidden |= _forbidden(cell.source)
            except ValueError as error:  # what it forbids is then not guarded before the student's first cell
                self._incident(f"{cell.metadata.nbgrader.grade_id}: {error}")
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
                    room = self.limits.output if self.room > 0 else 0.0
                    told = self.kernel.run(cell, self._time_for(self.limits.cell), room)
            except KernelDiedError as death:
                if self._is_worth_another_try():
                    cell.outputs = []
                    continue
                cell.outputs.append(outputs.error("KernelDied", str(death)))
                self._incident(f"cell {index + 1} ended the kernel: {death}")
                return
            self.room -= outputs.size(cell.outputs) / 2**20
            errors = {output.get("ename") for output in cell.outputs}
            stopped = TIME_OVER in errors
            if "MemoryError" in errors:
                self._incident(f"cell {index + 1}: it asked for more memory than {self.limits.memory:g} MB")
            if told and not room and not stopped:
                self._incident(f"after {OUTPUTS * self.limits.output:g} MB, all other output was cut")
            elif told:
                self._incident(f"cell {index + 1}: {told}")
            if not stopped:
                self.done.append(_Step(cell=index))
            return
        cell.outputs = [outputs.error("NotRun", self.incidents[-1])]

    def keep(self, name: str) -> None:
        """Have the kernel keep its present state for a test cell."""
        while self._ready():
            assert self.kernel is not None
            try:
                with self._timed("tests"):
                    self.kernel.leave_keeper(name, self.careful)
                self.done.append(_Step(keeper=name))
                return
            except KernelDiedError as death:
                if not self._is_worth_another_try():
                    self._incident(f"{name}: {death}")
                    return

    def test_cell(self, cell: NotebookNode) -> None:
        """Run a test cell; it ends in a verdict and a score, or in an error."""
        name, points = cell.metadata.nbgrader.grade_id, float(cell.metadata.nbgrader.points)
        cell.outputs = []
        for last in (False, True):
            if not self._ready() or _Step(keeper=name) not in self.done:
                cell.outputs = [outputs.error("NotTested", self.incidents[-1])]
                return
            assert self.kernel is not None
            assert self.tester is not None
            with self._timed("tests"):
                self.kernel.pause()
                answer = self.tester.test(name, cell.source, self._time_for(self.limits.tests))
            if last or answer is None or not self._is_worth_testing_again(answer["lost"]):
                break
            self._let_go()
        self.done = [step for step in self.done if step.keeper != name]
        if answer is None or answer["lost"]:
            self._let_go()
        cell.outputs, problem = self._read(answer, name, points)
        if problem:
            self._incident(problem)

    def _is_worth_testing_again(self, lost: str) -> bool:
        """Whether other keepers may do better, or the kernel was on its way out before the tests began."""
        assert self.kernel is not None
        ended, self.careful = not self.careful and lost == ENDED, self.careful or lost == ENDED
        return ended or (bool(lost) and not self.kernel.is_alive(0))

    def _read(self, answer: Answer | None, name: str, points: float) -> tuple[list[NotebookNode], str]:
        """The outputs of a test cell, and what the instructor should know of it."""
        if answer is not None and "verdict" in answer:
            said = [*answer["deaths"], answer["lost"]]
            return verdict_outputs(answer, points), "; ".join(f"{name}: {line}" for line in said if line)
        if answer is None:
            problem = self._whose_time_is_over()
            return [outputs.error("NotTested", problem)], f"{name}: {problem}"
        problem = "the test cell itself failed"  # its error could quote the test, or the student's code
        return [outputs.error("NotTested", problem)], f"{name}: {problem}: {answer['error']}"

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
                own = [cell for cell in self.cells if not is_test(cell)]
                lines = {line.strip() for cell in own for line in cell.source.splitlines()}
                self.tester = TesterProcess(
                    self.rooms[1], self.limits, self.kernel, self.tests, sorted(lines)
                )
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
                    kernel.leave_keeper(step.keeper, self.careful)
                else:
                    again = new_code_cell(self.cells[step.cell].source)
                    kernel.run(again, self._time_for(self.limits.cell), 0)
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

    def _is_worth_another_try(self) -> bool:
        """Whether the kernel's death was not the doing of the step that it was at.

        Somebody outside may have killed it (no code inside can kill process 1 of its world), or it turns out
        to be the work of a cell that had run before.
        """
        outside = self.kernel is not None and self.kernel.was_killed_from_outside() and self.chances > 0
        self._let_go()
        if outside:
            self.chances -= 1
            self._incident(
                "the kernel was killed from outside, and started again: is this machine short of memory?"
            )
        steps = len(self.done)
        return self._ready() and (outside or len(self.done) < steps)

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
