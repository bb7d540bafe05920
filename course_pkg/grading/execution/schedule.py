"""Run many tasks: in a pool of processes on this machine, or on a Dask cluster.

Outcomes come back pickled, but only ever from our own workers over their own pipes (or Dask's connections),
which no student's code can reach: it runs in a sandbox, and what it says arrives in the worker as JSON and
`.npy`, is checked there and never unpickled. A Dask cluster has to be the instructor's own.
"""

import itertools
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from course_pkg.grading.execution import pool_start
from course_pkg.grading.execution.journal import environment
from course_pkg.grading.execution.task import Outcome, Task

if TYPE_CHECKING:
    import distributed

ATTEMPTS = 3  # a worker that is killed may be no fault of the task; three in a row are
CONNECT = 15  # seconds to wait for a Dask scheduler and its first worker

Work = Callable[[Task], Outcome]


@dataclass(frozen=True)
class Failure:
    """A task that could not be run; nothing is known about the submission.

    Attributes
    ----------
    reason : str
        One line for the instructor.
    log : str
        All that is known.
    """

    reason: str
    log: str = ""


Result = Outcome | Failure
Submit = Callable[[Task], "Future[Result]"]
Room = Callable[[], int]  # how many tasks may be under way


def execute(task: Task, sandboxed: bool = True) -> Outcome:
    """Run one notebook; see `course_pkg.grading.execution.execute`."""
    from course_pkg.grading.execution import execute  # kernels and all that: only where they are wanted

    return execute.execute(task, sandboxed)


def run(
    tasks: Iterable[Task],
    workers: int | None = None,
    scheduler: str | None = None,
    *,
    work: Work = execute,
    log: Path | None = None,
) -> Generator[tuple[Task, Result], None, None]:
    """Run tasks side by side and give each with what came of it, as they end.

    Parameters
    ----------
    tasks : iterable of Task
        Taken as there is room: never more than a few for each worker are in memory.
    workers : int or None
        Processes on this machine; None for one a core. Without meaning on a cluster.
    scheduler : str or None
        The address of a Dask scheduler, for example ``"tcp://10.0.0.1:8786"``; None for this machine.
    work : callable
        What a worker does with a task; a function that it can import.
    log : Path or None
        Where to write what the processes on this machine print; None for where we print.

    Yields
    ------
    tuple of Task and Outcome or Failure
        A worker that is killed is replaced, and its task is tried again, three times in all; then, and if
        `work` raises, the task is a Failure.

    Raises
    ------
    ValueError
        If `workers` is below 1, if no scheduler answers or it has no worker, or if a worker's Python, package
        or code differs from ours.
    """
    tasks = iter(tasks)
    first = next(tasks, None)
    if first is None:
        return
    tasks = itertools.chain([first], tasks)
    place = _pool(workers, work, log) if scheduler is None else _cluster(scheduler, work, first)
    with place as (submit, room):
        running: dict[Future[Result], Task] = {}
        while True:
            for task in itertools.islice(tasks, max(0, room() - len(running))):
                running[submit(task)] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), _result(future)


def _result(future: "Future[Result]") -> Result:
    try:
        return future.result()
    except Exception as error:  # whatever a cluster does to a task must not stop the others
        return Failure(
            f"{type(error).__name__}: {_first_line(error)}", "".join(traceback.format_exception(error))
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["(no message)"])[0][:200]


def _attempt(work: Work, task: Task) -> Result:
    """Run a task in this process; what `work` raises is a Failure that tells so."""
    try:
        return work(task)
    except Exception as error:
        return Failure(f"{type(error).__name__}: {_first_line(error)}", traceback.format_exc())


# -- processes on this machine ------------------------------------------------------------------------------


@contextmanager
def _pool(workers: int | None, work: Work, log: Path | None) -> Iterator[tuple[Submit, Room]]:
    """Processes that live until the block ends, each with a thread here that talks to it."""
    if workers is None:
        workers = len(os.sched_getaffinity(0))
    if workers < 1:
        raise ValueError(f"--workers: got {workers}, expected at least 1")
    count = workers
    own = threading.local()
    processes: list[_Process] = []

    def start() -> None:
        own.process = _Process(work, log)
        processes.append(own.process)

    def ask(task: Task) -> Result:
        return own.process.ask(task)

    with ThreadPoolExecutor(workers, "grading", start) as threads:
        try:
            # one more each than can run, so that none waits for us while we write a result down
            yield lambda task: threads.submit(ask, task), lambda: 2 * count
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()
            raise
        for process in processes:
            process.close()


class _Process:
    """A worker process, replaced when it dies."""

    def __init__(self, work: Work, log: Path | None) -> None:
        self.work, self.log = work, log
        self.stopped = False
        self.start()

    def start(self) -> None:
        context = pool_start.context()
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self.work, self.log), name="grading")
        self.process.start()
        theirs.close()

    def ask(self, task: Task) -> Result:
        for _ in range(ATTEMPTS):
            try:
                self.connection.send(task)
                return self.connection.recv()
            except (EOFError, OSError):
                self.process.join()
                self.connection.close()
                if self.stopped:
                    return Failure("the run was stopped")
                self.start()
        return Failure(f"the process that ran it died {ATTEMPTS} times: is there enough memory?")

    def close(self) -> None:
        """Let it end in its own time, sandbox and all."""
        with suppress(OSError):  # it has just died by itself
            self.connection.send(None)
        self.process.join()

    def kill(self) -> None:
        self.stopped = True
        self.process.kill()
        self.process.join()


def _serve(connection: Connection, work: Work, log: Path | None) -> None:
    """A worker's life: do one task after the other until there is none; die with the grader."""
    from course_pkg.grading.sandbox.provisioner import close_rooms

    if log is not None:
        with log.open("a") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
    # Ctrl-C in a terminal reaches us too, but the grader decides; a handler, unlike SIG_IGN, is not inherited
    signal.signal(signal.SIGINT, lambda number, frame: None)
    waiting: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, waiting), daemon=True).start()
    while (task := waiting.get()) is not None:
        connection.send(_attempt(work, task))
    close_rooms()


def _listen(connection: Connection, waiting: "queue.SimpleQueue[Task | None]") -> None:
    try:
        while (task := connection.recv()) is not None:
            waiting.put(task)
        waiting.put(None)
    except (EOFError, OSError):
        os._exit(1)  # the grader is gone: nobody wants what we are at


# -- a Dask cluster -----------------------------------------------------------------------------------------


@contextmanager
def _cluster(address: str, work: Work, first: Task) -> Iterator[tuple[Submit, Room]]:
    """The workers of a Dask scheduler; those that come later, and those that replace dead ones, too."""
    from distributed import Client  # seconds to import, and few need it

    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise ValueError(f"--scheduler: nobody answers at {address!r} ({_first_line(error)})") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError as error:
            raise ValueError(
                f"--scheduler: {address} has no worker; start some: dask worker {address}"
            ) from error
        _check_workers(client, address, first)
        executor = client.get_executor(pure=False, retries=ATTEMPTS - 1)
        room, asked = 0, -float("inf")

        def room_now() -> int:
            nonlocal room, asked
            if time.monotonic() - asked > 5:
                room, asked = 2 * max(1, len(client.nthreads())), time.monotonic()
            return room

        def submit(task: Task) -> "Future[Result]":
            return executor.submit(_attempt_there, work, task, environment(task))

        yield submit, room_now


def _check_workers(client: "distributed.Client", address: str, first: Task) -> None:
    """Refuse a cluster whose workers would not give the same scores as this machine."""
    for worker, threads in client.nthreads().items():
        if threads != 1:
            raise ValueError(
                f"--scheduler: the worker {worker} has {threads} threads, expected 1: "
                f"dask worker {address} --nworkers {threads} --nthreads 1"
            )
    here = environment(first)
    for worker, there in client.run(environment, first, on_error="return").items():
        if isinstance(there, Exception):
            raise ValueError(
                f"--scheduler: the worker {worker} cannot grade: {_first_line(there)}"
            ) from there
        if there != here:
            raise ValueError(f"--scheduler: the worker {worker} has {_differences(there, here)}")


def _differences(there: dict[str, str], here: dict[str, str]) -> str:
    lines = []
    for what in sorted(here):
        if there[what] != here[what]:
            new, old = (
                sorted(set(e[what].split()) - set(o[what].split())) for e, o in ((there, here), (here, there))
            )
            lines.append(f"{what} {' '.join(new)} where this machine has {' '.join(old)}")
    return "; ".join(lines)


def _attempt_there(work: Work, task: Task, environment_here: dict[str, str]) -> Result:
    """Run a task on a worker of a cluster, if the worker is what this machine is."""
    there = environment(task)
    if there != environment_here:
        return Failure(f"a worker that came later has {_differences(there, environment_here)}")
    return _attempt(work, task)
