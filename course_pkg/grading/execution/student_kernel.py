"""Run a student's cells in a sandboxed kernel, and wait for nothing that may never come."""

import resource
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import zmq
from jupyter_client import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode

from course_pkg.grading.execution import outputs
from course_pkg.grading.execution.limits import Limits
from course_pkg.grading.sandbox.provisioner import SandboxProvisioner, kernel_spec
from course_pkg.grading.sandbox.room import Child, Furniture, RoomFailedError

STARTING = 20.0  # seconds for the kernel to answer
STOPPING = 2.0  # seconds for a cell to end when it is told to
KEEPING = 5.0  # seconds for a keeper to be made
LAST_OUTPUTS = 2.0  # seconds for the outputs of a cell that has ended
LARGEST = 8 * 2**20  # bytes of one part of a message
FLOOD = 600.0  # megabytes by which our own memory may grow while a kernel talks to us
TIME_OVER = "CellTimeoutError"


class KernelDiedError(Exception):
    """The kernel ended, or had to be ended, while it ran a cell; the message says how."""


class StudentKernel:
    """A kernel of the student's own.

    Parameters
    ----------
    furniture : Furniture
        The room that it runs in.
    limits : Limits
        What it may use.
    files : dict
        What lies in its folder at the start.
    """

    def __init__(self, furniture: Furniture, limits: Limits, files: dict[str, bytes]) -> None:
        self.limits = limits
        self.killed = False  # by us
        self.dry = _resident()  # megabytes
        self.next_look = 0.0
        self.tests_end, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.manager = KernelManager(transport="ipc")
        self.manager._kernel_spec = kernel_spec(furniture, limits)  # there is no file of it to be looked up
        with inside:
            self.manager.start_kernel(channels=[inside], files=files)
        self.session = self.manager.session
        self.shell = self._connect(zmq.DEALER, "shell")
        self.iopub = self._connect(zmq.SUB, "iopub")
        self.iopub.subscribe(b"")
        self._handshake()

    @property
    def child(self) -> Child:
        """The process."""
        provisioner = self.manager.provisioner
        assert isinstance(provisioner, SandboxProvisioner)
        assert provisioner.child is not None
        return provisioner.child

    def close(self) -> None:
        """End it, and all that it started."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(STOPPING)
        self._hang_up()
        self.tests_end.close()
        self.manager.cleanup_resources()

    def run(self, cell: NotebookNode, seconds: float, megabytes: float = Limits.output) -> str:
        """Run one cell and put its outputs into it.

        Parameters
        ----------
        cell : NotebookNode
        seconds : float
            How long it may take.
        megabytes : float
            How much output is kept.

        Returns
        -------
        str
            What the instructor should know; empty if nothing.

        Raises
        ------
        KernelDiedError
            If the kernel did not survive it.
        """
        content = {
            "code": cell.source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        collector = _Collector(cell, megabytes)
        sent = self._send("execute_request", content)
        try:
            told = self._finish(sent, collector, seconds)
        finally:
            cell.outputs = outputs.clean(cell.outputs)
            cell.execution_count = outputs.cell_number(cell.execution_count)
        if told:
            cell.outputs.append(outputs.error(TIME_OVER, told))
        return told or collector.cut

    def leave_keeper(self, name: str, careful: bool) -> None:
        """Have the kernel keep its present state for a test cell.

        Parameters
        ----------
        name : str
            The test cell.
        careful : bool
            Whether the state is to outlive the death of a process that answers a call.

        Raises
        ------
        KernelDiedError
            If it does not.
        """
        sent = self._send("keeper_request", {"name": name, "careful": careful})
        if not self._replied(sent, KEEPING):
            self._kill()
            raise KernelDiedError(f"it could not be tested: {self.how_it_ended()}")

    def pause(self) -> None:
        """Let its own process rest, for good: the keepers answer, and what it has begun ends here.

        Nobody listens to it any more, either.
        """
        self._hang_up()
        self.child.send_signal(signal.SIGSTOP)

    def was_killed_from_outside(self) -> bool:
        """Whether neither we nor its own code ended it."""
        return self.child.status == -signal.SIGKILL and not self.killed and not self.child.greedy

    def is_alive(self, seconds: float) -> bool:
        """Whether the kernel still lives after that time."""
        return self.child.wait(seconds) is None

    def _hang_up(self) -> None:
        for channel in (self.shell, self.iopub):
            channel.close(0)

    def _look_out(self) -> None:
        """End a kernel that floods us: ZeroMQ bounds the parts of a message, but not how many it may have."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + 0.1
        if _resident() - self.dry > FLOOD:
            self._hang_up()
            self._kill()
            raise KernelDiedError(f"it sent more than {FLOOD:g} MB at once")

    def _replied(self, sent: str, seconds: float) -> bool:
        """Whether the kernel replies to a request within that time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.child.poll() is None:
            self._look_out()
            message = self._next(self.shell, min(0.1, until - time.monotonic()))
            if message and message["parent_header"].get("msg_id") == sent:
                return True
        return False

    def _kill(self) -> None:
        self.killed = True
        self.child.send_signal(signal.SIGKILL)

    def how_it_ended(self) -> str:
        """In words, once it has ended."""
        if self.child.greedy:
            return f"it used {self.child.greedy:.0f} MB of memory, allowed are {self.limits.memory:g} MB"
        status = self.child.status
        if status is None:
            return "it had to be stopped"
        if -status == signal.SIGXCPU:
            return f"it used more than {self.limits.total:g} seconds of processor time"
        if status < 0 and -status in set(signal.Signals):
            return f"the system ended it ({signal.Signals(-status).name})"
        return f"it ended itself (exit code {status % 256})"

    def _finish(self, sent: str, collector: "_Collector", seconds: float) -> str:
        """Collect outputs until the cell has ended; what to tell if its time was over before."""
        until = time.monotonic() + seconds
        told, replied = "", False
        poller = zmq.Poller()
        for channel in (self.iopub, self.shell):
            poller.register(channel, zmq.POLLIN)
        while True:
            left = until - time.monotonic()
            if left <= 0:
                if replied:
                    return told or self._reconnect()
                if told:
                    self._kill()
                    raise KernelDiedError(f"{told} It did not stop when told to")
                told = f"{seconds:g} seconds are over: is there an endless loop?"
                self.child.send_signal(signal.SIGINT)
                until = time.monotonic() + STOPPING
                continue
            self._look_out()
            ready = dict(poller.poll(int(1000 * min(left, 0.1))))
            if not ready and self.child.poll() is not None:
                raise KernelDiedError(self.how_it_ended())
            if self.iopub in ready:
                message = self._next(self.iopub, 0)
                if message and message["parent_header"].get("msg_id") == sent and collector.take(message):
                    if not replied:
                        self._replied(sent, LAST_OUTPUTS)
                    return told
            if self.shell in ready:
                message = self._next(self.shell, 0)
                if message and message["parent_header"].get("msg_id") == sent:
                    replied = True
                    until = time.monotonic() + LAST_OUTPUTS

    def _reconnect(self) -> str:
        """Take up the outputs again after the last of a cell did not come, and say that they did not."""
        self.iopub.close(0)
        self.iopub = self._connect(zmq.SUB, "iopub")
        self.iopub.subscribe(b"")
        until = time.monotonic() + LAST_OUTPUTS
        while time.monotonic() < until and self.child.poll() is None:
            sent = self._send("kernel_info_request", {})
            if self._replied(sent, LAST_OUTPUTS) and self._is_heard(sent):
                return f"its output was lost: more than {LARGEST / 2**20:g} MB at once"
        self._kill()
        raise KernelDiedError("it no longer sends outputs")

    def _handshake(self) -> None:
        """Wait until both channels work: a reply has come, and word that the kernel is idle again."""
        until = time.monotonic() + STARTING
        while time.monotonic() < until:
            if self.child.poll() is not None:
                raise RoomFailedError(f"a kernel did not start: {self.how_it_ended()}")
            sent = self._send("kernel_info_request", {})
            if self._replied(sent, STARTING) and self._is_heard(sent):
                return
        raise RoomFailedError("a kernel did not answer")

    def _is_heard(self, sent: str) -> bool:
        while message := self._next(self.iopub, 0.1):
            if message["parent_header"].get("msg_id") == sent:
                return True
        return False

    def _connect(self, kind: int, channel: str) -> zmq.Socket:
        made: zmq.Socket = zmq.Context.instance().socket(kind)
        made.linger = 0
        made.maxmsgsize = LARGEST
        made.rcvhwm = 16
        made.connect(f"ipc://{self.manager.ip}-{getattr(self.manager, f'{channel}_port')}")
        return made

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        message = self.session.msg(kind, content)
        self.session.send(self.shell, message)
        return message["header"]["msg_id"]

    def _next(self, channel: zmq.Socket, seconds: float) -> dict[str, Any] | None:
        """The next sound message on a channel; None if none comes in time, or what came is damaged."""
        if not channel.poll(int(1000 * max(0.0, seconds))):
            return None
        with suppress(Exception):  # jupyter_client stumbles over damaged ones in more ways than one can list
            _, message = self.session.recv(channel, zmq.NOBLOCK)
            if isinstance(message["msg_type"], str) and isinstance(message["content"], dict):
                return message if isinstance(message["parent_header"], dict) else None
        return None


def _resident() -> float:
    """Megabytes of memory that this process uses; 0 where the system does not say so."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 2**20


class _Collector:
    """Puts the messages of one cell into its outputs, as far as there is room for them."""

    def __init__(self, cell: NotebookNode, megabytes: float) -> None:
        self.cell = cell
        self.room = int(megabytes * 2**20)
        self.megabytes = megabytes
        self.cut = ""
        self.client = NotebookClient(NotebookNode(cells=[cell], metadata={}), record_timing=False)
        self.client.clear_before_next_output = False

    def take(self, message: dict[str, Any]) -> bool:
        """Take one message in; whether it was the last."""
        if message["msg_type"].startswith("comm"):
            return False
        if message["msg_type"] not in ("status", "execute_input"):  # of these, little is kept
            self.room -= outputs.size(message["content"])
            if self.room < 0:
                if not self.cut:
                    self.cut = f"its output was cut after {self.megabytes:.2g} MB"
                    self._note(f"\n[more output than {self.megabytes:.2g} MB: the rest is left out]\n")
                return False
        try:
            self.client.process_message(message, self.cell, 0)
        except CellExecutionComplete:
            return True
        except Exception:
            return False  # a message that no honest kernel sends, and that nbclient is not made for
        return False

    def _note(self, text: str) -> None:
        self.cell.outputs.append(NotebookNode(output_type="stream", name="stderr", text=text))
