"""Grade the corpus as one class with honest students among them, and see what became of everybody."""

import ctypes
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.grading.hostile import judge
from tests.grading.hostile import world as worlds
from tests.grading.hostile.corpus import ASSIGNMENT, Case
from tests.grading.hostile.judge import Graded
from tests.grading.hostile.world import World

PYTHON = [sys.executable, "-m"]
COURSE = [*PYTHON, "course_pkg", "grade", ASSIGNMENT, "--class"]
SET_CHILD_SUBREAPER = 36  # of prctl: whoever loses their parent becomes a child of this process


@dataclass(frozen=True)
class Report:
    """What a run of the corpus showed.

    Attributes
    ----------
    cases : dict
        For each case, what is not as it must be.
    world : list of str
        What is not as it must be around them: files, services, processes, what `nbgrader autograde` gives.
    honest_faults : list of str
        What is not as it must be with the honest students.
    honest : tuple of str
        Those students.
    graded : Graded
        The class.
    seconds : float
        How long grading took.
    """

    cases: dict[str, list[str]]
    world: list[str]
    honest_faults: list[str]
    honest: tuple[str, ...]
    graded: Graded
    seconds: float


def course(folder: Path, cases: list[Case], again: list[Case]) -> Report:
    """Grade the cases and the honest students in one class, with the course's command and with nbgrader's.

    Parameters
    ----------
    folder : Path
        A folder with a short name, for sockets lie in it; nothing of it is kept here.
    cases : list of Case
    again : list of Case
        Those of them that `nbgrader autograde` grades once more, together with the honest students.

    Returns
    -------
    Report
    """
    with worlds.services(folder / "alone", []) as world:
        alone = graded_by_us(world)
    with worlds.services(folder / "all", cases) as world:
        before, host = world.print_of_what_stays(), socket.gethostname()
        start = time.perf_counter()
        with orphans() as survivors:
            graded = graded_by_us(world)
            seconds = time.perf_counter() - start
            faults = {case.name: judge.faults(case, graded, world) for case in cases}
            honest = honest_faults(graded, world)
            left_out = ",".join(case.student for case in cases if case not in again)
            without = f"--CourseDirectory.student_id_exclude={left_out}"
            command(world, [*PYTHON, "nbgrader", "autograde", ASSIGNMENT, "--force", without])
            by_nbgrader = judge.read(world.room, "")
        outside = [f"still running: {process}" for process in survivors]
        outside += changes(world, before)
        outside += [f"a service of this machine was told {text[:80]!r}" for text in world.heard]
        outside += [] if socket.gethostname() == host else ["this machine has another name"]
    for student in worlds.HONEST:
        if judge.scores(graded, student) != judge.scores(alone, student):
            honest.append(f"{student} has other grades than without the hostile submissions")
        if judge.scores(graded, student) != judge.scores(by_nbgrader, student):
            honest.append(f"{student} has other grades after `nbgrader autograde`")
    for case in again:
        first, second = (judge.scores(found, case.student) for found in (graded, by_nbgrader))
        other = {part: second[part] for part in first if first[part] != second[part] and not case.free(part)}
        outside += [f"{case.name} has other grades after `nbgrader autograde`: {other}"] if other else []
    return Report(faults, outside, honest, tuple(worlds.HONEST), graded, seconds)


def graded_by_us(world: World) -> Graded:
    """Collect what was handed in as archives, grade everything with the course's command, and read the class.

    Raises
    ------
    RuntimeError
        If the command grades nothing at all.
    """
    said = command(world, [*PYTHON, "nbgrader", "zip_collect", ASSIGNMENT, "--force"])
    said += command(world, [*COURSE, str(world.room)])
    try:
        return judge.read(world.room, said)
    except sqlite3.Error as error:
        raise RuntimeError(f"nothing was graded: {said[-3000:]}") from error


def command(world: World, words: list[str], seconds: float = 1800) -> str:
    """Run a command in the class folder and return what it says.

    Raises
    ------
    subprocess.TimeoutExpired
        If it does not end.
    """
    done = subprocess.run(
        words,
        cwd=world.room,
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )
    return done.stdout


@contextmanager
def orphans() -> Iterator[list[str]]:
    """Yield a list that gets the command lines of processes that outlive the block."""
    prctl = ctypes.CDLL(None).prctl
    me = psutil.Process()
    before = {process.pid for process in me.children(recursive=True)}
    prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    left: list[str] = []
    try:
        yield left
    finally:
        patience = time.monotonic() + 3
        while (found := _living(me, before)) and time.monotonic() < patience:
            time.sleep(0.1)
        left += [str(process) for process in found]
        for process in found:
            process.kill()
        prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _living(me: psutil.Process, before: set[int]) -> list[psutil.Process]:
    new = [one for one in me.children(recursive=True) if one.pid not in before and not _is_a_browser(one)]
    psutil.wait_procs([process for process in new if process.status() == psutil.STATUS_ZOMBIE], timeout=0)
    return [process for process in new if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def _is_a_browser(process: psutil.Process) -> bool:
    """Whether it runs the browser that other tests share; by its file, for a name can be forged."""
    try:
        return "chrom" in Path(process.exe()).name
    except psutil.Error:  # it ends just now, or hides what it is: then it counts
        return False


def changes(world: World, before: dict[str, str]) -> list[str]:
    """What was changed or left where grading has nothing to do."""
    after = world.print_of_what_stays()
    found = [f"changed: {path}" for path in sorted(before) if before[path] != after.get(path)]
    return found + [f"left behind: {path}" for path in worlds.leftovers(world)]


def honest_faults(graded: Graded, world: World) -> list[str]:
    """What is not as it must be with the honest students."""
    found = []
    for student, earned in worlds.honest_scores().items():
        given = judge.scores(graded, student)
        if given != earned:
            found.append(f"{student} was given {given}, and earned {earned}")
        if any(grade.manual is not None for grade in graded.grades.get(student, {}).values()):
            found.append(f"{student} has marks that no person gave")
        page = graded.page(student)
        if page is None:
            found.append(f"{student} has no feedback page")
        elif worlds.secrets_in(page, world, allowed=("neighbour",)) or world.token in page:
            found.append(f"{student}'s page holds what it should not")
    return found
