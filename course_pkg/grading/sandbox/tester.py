"""The trusted side: run test cells, which reach the student's work only through the handle."""

import ast
import io
import json
import select
import signal
import socket
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from course_pkg.grading.sandbox import chance
from course_pkg.grading.sandbox.kernel import PATIENCE

DESCRIPTORS = 4096  # a process may have, and all testers of this machine may have under way
GRACE = 4.0  # seconds for an answer, beyond the time that the call itself may take
FORKING = 20.0  # seconds for word of a snapshot's end, on a busy machine
MOST_LINES = 20  # to snapshots, in one test cell
ENDED = "the notebook's own process ended"


class Snapshots:
    """The student's end: a line to the present snapshot, and word of snapshots that died.

    All sockets are made on this side and sent over: a process of the student's may send none, for those that
    nobody has taken yet are counted for all processes of a user together.

    Parameters
    ----------
    kernel : socket
        The line to the student's kernel.
    tests : list of str
        The names of the test cells: a keeper for each will be there when its turn comes.
    seconds : float
        How long a call may take.
    """

    def __init__(self, kernel: socket.socket, tests: list[str], seconds: float) -> None:
        self.seconds = seconds
        self.keepers: dict[str, socket.socket] = {}
        for name in tests:
            self.keepers[name], theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            _hand_over(theirs, kernel, name)
        self.keeper: socket.socket | None = None
        self.line: socket.socket | None = None
        self.lines = 0  # that were needed in this test cell
        self.lost = ""  # why the student's kernel cannot answer any more
        self.deaths: list[str] = []  # how snapshots ended, in this test cell

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry one request there and the reply back."""
        from course_pkg.checks import wire

        line = self.line or self._next_line()
        if line is None:
            return {"status": "died", "how": self.lost}
        until = time.monotonic() + PATIENCE * self.seconds + GRACE
        try:
            wire.send(line, request, deadline=until)
            reply = wire.receive(line, deadline=until)
            return {} if reply.get("status") == "died" else reply  # that, only we can say: it would be quoted
        except TimeoutError:
            self._give_up("a call did not end in time and could not be stopped")
            return {"status": "interrupted"}
        except wire.WireError as error:
            self._give_up(f"what came from the notebook's process is no answer ({error})")
            return {"status": "died", "how": self.lost}
        except (EOFError, OSError):
            return self._obituary(request["name"])

    def start(self, name: str) -> None:
        """Make ready for a test cell: wake its keeper with the line to its first snapshot."""
        self.lines, self.lost, self.deaths = 0, "", []
        self.keeper = self.keepers.pop(name)
        self._next_line()

    def end(self) -> None:
        """Let the keeper and its snapshot go."""
        for end in (self.line, self.keeper):
            if end is not None:
                end.close()
        self.line = self.keeper = None

    def _next_line(self) -> socket.socket | None:
        """Ask the keeper for a snapshot at the end of a new line."""
        if self.lost or self.keeper is None:
            return None
        self.lines += 1
        self.line, theirs = socket.socketpair()
        try:
            _hand_over(theirs, self.keeper, "line")
        except OSError:
            self._give_up("the notebook's own process does not answer")
        if self.lines > MOST_LINES:
            self._give_up(f"its process ended {MOST_LINES} times")
        return self.line

    def _obituary(self, name: str) -> dict[str, Any]:
        """How the snapshot died, told by the kernel that it was a copy of."""
        self._hang_up()
        status = _word(self.keeper).get("died") if self.keeper else None
        if not isinstance(status, int):
            self.lost = ENDED
            return {"status": "died", "how": self.lost}
        if status in (-signal.SIGALRM, -signal.SIGVTALRM):
            return {"status": "interrupted"}
        self.deaths.append(f"the process that ran {name} {_how(status)}")
        return {"status": "died", "how": _how(status)}

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
    from course_pkg.checks.discretion import discreet

    orders, kernel = channels
    told = json.loads(Path("tests.json").read_text(encoding="utf-8"))
    snapshots = Snapshots(kernel, told["tests"], request["limits"]["call"])
    student.transport = snapshots
    student.sources = frozenset(told["lines"])
    seen = False  # whether the student's code has seen inputs of hidden tests, which it can keep in a file
    while True:
        try:
            order = wire.receive(orders)
        except EOFError:
            return
        snapshots.start(order["name"])
        with discreet(seen):
            answer = _run_cell(order["name"], order["source"])
        seen |= "verdict" not in answer or any(test["hidden"] for test in answer["verdict"]["tests"])
        snapshots.end()
        wire.send(orders, {**answer, "lost": snapshots.lost, "deaths": snapshots.deaths})


def _run_cell(name: str, source: str) -> dict[str, Any]:
    """The verdict of the part that a test cell makes, or what is wrong with the cell."""
    from course_pkg.checks import Part, PartFailedError

    chance.same_again()
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


def _hand_over(end: socket.socket, receiver: socket.socket, name: str) -> None:
    with end:
        socket.send_fds(receiver, [name.encode()], [end.fileno()])


def _word(keeper: socket.socket) -> dict[str, Any]:
    """A message from a keeper; nothing, if none comes in time, or what comes is none."""
    if not select.select([keeper], [], [], FORKING)[0]:
        return {}
    try:
        message = json.loads(keeper.recv(1000))
    except (OSError, ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
