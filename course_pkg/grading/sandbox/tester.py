"""The trusted side: run test cells, which reach the student's work only through the handle."""

import ast
import io
import json
import os
import select
import signal
import socket
import stat
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

GRACE = 4.0  # seconds for an answer, beyond the time that the call itself may take


class Snapshots:
    """The student's end: a line to the present snapshot, and word of snapshots that died.

    Parameters
    ----------
    news : socket
        Where the student's kernel sends the lines to its snapshots.
    seconds : float
        How long a call may take.
    """

    def __init__(self, news: socket.socket, seconds: float) -> None:
        self.news = news
        self.seconds = seconds
        self.line: socket.socket | None = None
        self.lost = ""  # why the student's kernel cannot answer any more
        self.deaths: list[str] = []  # how snapshots ended, in this test cell

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry one request there and the reply back."""
        from course_pkg.checks import wire

        line = self.line or self._next_line()
        if line is None:
            return {"status": "died", "how": self.lost}
        until = time.monotonic() + self.seconds + GRACE
        try:
            wire.send(line, request, deadline=until)
            return wire.receive(line, deadline=until)
        except TimeoutError:
            self._give_up("a call did not end in time and could not be stopped")
            return {"status": "interrupted"}
        except wire.WireError as error:
            self._give_up(f"what came from the notebook's process is no answer ({error})")
            return {"status": "died", "how": self.lost}
        except (EOFError, OSError):
            return self._obituary(request["name"])

    def start(self) -> None:
        """Make ready for a test cell: take the line to its first snapshot."""
        self._hang_up()
        self.lost, self.deaths = "", []
        self._next_line()

    def end(self) -> None:
        """Let the snapshot go, also one that has just taken the place of another."""
        line = self.line or (None if self.lost else self._next_line())
        if line is not None:
            line.close()
        self.line = None

    def _next_line(self) -> socket.socket | None:
        if self.lost:
            return None
        message, descriptors = self._news()
        if message.get("snapshot") and len(descriptors) == 1 and _is_stream(descriptors[0]):
            self.line = socket.socket(fileno=descriptors[0])
            return self.line
        for descriptor in descriptors:
            os.close(descriptor)
        self.lost = "the notebook's own process does not answer"
        return None

    def _obituary(self, name: str) -> dict[str, Any]:
        """How the snapshot died, told by the kernel that it was a copy of."""
        self._hang_up()
        status = self._news()[0].get("died")
        if not isinstance(status, int):
            self.lost = "the notebook's own process ended"
            return {"status": "died", "how": self.lost}
        if status in (-signal.SIGPROF, -signal.SIGALRM):
            return {"status": "interrupted"}
        self.deaths.append(f"the process that ran {name} {_how(status)}")
        return {"status": "died", "how": _how(status)}

    def _news(self) -> tuple[dict[str, Any], list[int]]:
        ready, _, _ = select.select([self.news], [], [], GRACE)
        if not ready:
            return {}, []
        try:
            data, descriptors, _, _ = socket.recv_fds(self.news, 1000, 4)
            message = json.loads(data)
        except (OSError, ValueError, RecursionError):
            return {}, []
        return (message if isinstance(message, dict) else {}), descriptors

    def _give_up(self, why: str) -> None:
        self._hang_up()
        self.lost = why

    def _hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
        self.line = None


def prepare(imports: list[str], guarded: list[str]) -> None:
    """Import what the test cells use."""
    import importlib

    for name in imports:
        importlib.import_module(name)


def listen(request: dict[str, Any]) -> None:
    """Nothing to open."""


def run(request: dict[str, Any], channels: list[socket.socket], listening: None) -> None:
    """Run the test cells that the grader sends, one after the other, until it closes its end."""
    from course_pkg.checks import student, wire

    orders, news = channels
    snapshots = Snapshots(news, request["limits"]["call"])
    student.transport = snapshots
    student.sources = frozenset(json.loads(Path("lines.json").read_text(encoding="utf-8")))
    while True:
        try:
            order = wire.receive(orders)
        except EOFError:
            return
        snapshots.start()
        answer = _run_cell(order["name"], order["source"])
        snapshots.end()
        wire.send(orders, {**answer, "lost": snapshots.lost, "deaths": snapshots.deaths})


def _run_cell(name: str, source: str) -> dict[str, Any]:
    """The verdict of the part that a test cell makes, or what is wrong with the cell."""
    from course_pkg.checks import Part, PartFailedError

    names: dict[str, Any] = {"__name__": "tests"}
    said, failure = io.StringIO(), ""
    try:
        code = compile(ast.parse(source, f"<{name}>"), f"<{name}>", "exec")
        with redirect_stdout(said), redirect_stderr(said):
            exec(code, names)
    except PartFailedError:
        pass  # the verdict says so too
    except BaseException as error:
        failure = "".join(traceback.format_exception_only(error)).strip()
    parts = [value for value in names.values() if isinstance(value, Part)]
    if failure or len(parts) != 1:
        return {"error": failure or f"makes {len(parts)} parts, expected 1"}
    return {"verdict": parts[0].verdict(), "text": said.getvalue()}


def _how(status: int) -> str:
    if -status in set(signal.Signals):
        return f"was ended by the system ({signal.Signals(-status).name})"
    return f"ended itself (exit code {status % 256})"


def _is_stream(descriptor: int) -> bool:
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return False
    with socket.socket(fileno=os.dup(descriptor)) as probe:
        return (probe.family, probe.type) == (socket.AF_UNIX, socket.SOCK_STREAM)
