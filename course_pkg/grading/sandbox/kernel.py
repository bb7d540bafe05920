"""The student's kernel: IPython's, with sockets that were opened before it was shut in, and snapshots.

A snapshot is a fork of the kernel, taken for one test cell, that answers the calls of its tests. What a test
sets off in it (a record of its inputs, a changed module, a crash) never reaches the notebook.
"""

import importlib
import io
import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

PARTS_OF_A_KERNEL = (
    "comm",
    "debugpy",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
)
CHANNELS = ("shell", "iopub", "stdin", "control")
MOST_SNAPSHOTS = 20  # for one test cell
TESTS_ARE_OVER = 113  # exit code of a snapshot that was let go
LATER = 2  # seconds of processor time that a call may go on after it was told to stop


def prepare(imports: list[str], guarded: list[str]) -> None:
    """Import everything that a kernel needs, and what the student may use; put up the guards."""
    drawing = ["matplotlib_inline.backend_inline"] if "matplotlib" in imports else []
    for name in (*PARTS_OF_A_KERNEL, *imports, *drawing):
        importlib.import_module(name)
    if guarded:
        from course_pkg.checks import guards

        guards.guard(guarded)


def listen(request: dict[str, Any]) -> dict[str, socket.socket]:
    """Open the kernel's sockets in the folder that only this child and the grader can see."""
    folder = Path(request["folder"])
    listening = {}
    for number, channel in enumerate(CHANNELS, 1):
        listening[channel] = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening[channel].bind(str(folder / f"kernel-{number}"))
        listening[channel].listen(16)
        os.chmod(folder / f"kernel-{number}", 0o777)
    return listening


def run(request: dict[str, Any], channels: list[socket.socket], listening: dict[str, socket.socket]) -> None:
    """Be the kernel until the end."""
    import zmq
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp

    tester = channels[0] if channels else None  # a kernel that Jupyter starts is for no tests
    limits = request["limits"]

    class Kernel(IPythonKernel):
        """IPython's kernel, which also takes snapshots of itself."""

        def snapshot_request(self, stream: Any, ident: Any, parent: Any) -> None:
            _answer_tests(tester, names, limits["call"])
            app.session.send(stream, "snapshot_reply", {"status": "ok"}, parent, ident=ident)

    class App(IPKernelApp):
        """IPython's application, on sockets that are open already."""

        def _bind_socket(self, s: zmq.Socket, port: int) -> int:
            s.setsockopt(zmq.USE_FD, listening[CHANNELS[port - 1]].detach())
            s.bind(f"ipc://{request['folder']}/kernel-{port}")
            return port

        def init_heartbeat(self) -> None:
            pass  # the grader asks the fork server whether the kernel lives

        def write_connection_file(self, **_: Any) -> None:
            pass  # the grader knows

        def init_pdb(self) -> None:
            pass  # nobody is there to answer a debugger

    home = Path.cwd() / ".home"
    os.environ["IPYTHONDIR"] = str(home)
    app = App.instance(
        kernel_class=Kernel,
        transport="ipc",
        ip=f"{request['folder']}/kernel",
        connection_file=str(home / "connection.json"),
        shell_port=1,
        iopub_port=2,
        stdin_port=3,
        control_port=4,
        hb_port=5,
        parent_handle=1,
        quiet=True,
        capture_fd_output=False,
    )
    app.session.key = request["key"].encode()
    app.initialize(["--HistoryManager.enabled=False", "--log-level=CRITICAL"])
    if tester is not None:
        app.kernel.shell_handlers["snapshot_request"] = app.kernel.snapshot_request
    names = app.kernel.shell.user_ns
    app.start()


def _answer_tests(tester: socket.socket, names: dict[str, Any], seconds: float) -> None:
    """Give the tester a snapshot, and another for each that dies, until one ends because the tests do."""
    for _ in range(MOST_SNAPSHOTS):
        ours, theirs = socket.socketpair()
        snapshot = os.fork()
        if not snapshot:
            try:
                theirs.close()
                _be_snapshot(ours, names, seconds)
                os._exit(TESTS_ARE_OVER)
            finally:
                os._exit(1)
        ours.close()
        socket.send_fds(tester, [b'{"snapshot": true}'], [theirs.fileno()])
        theirs.close()
        status = os.waitstatus_to_exitcode(os.waitpid(snapshot, 0)[1])
        if status == TESTS_ARE_OVER:
            return
        tester.send(json.dumps({"died": status}).encode())


def _be_snapshot(line: socket.socket, names: dict[str, Any], seconds: float) -> None:
    """Answer calls until the tester closes the line."""
    from course_pkg.checks import wire
    from course_pkg.checks.work import run

    sys.stdout = sys.stderr = io.StringIO()  # what tests make a function print is nobody's business
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    while True:
        try:
            request = wire.receive(line)
        except EOFError:
            return
        signal.signal(signal.SIGALRM, _time_is_over)
        signal.setitimer(signal.ITIMER_PROF, seconds + LATER)  # ends code that cannot be interrupted
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            reply = run(request, names)
        except KeyboardInterrupt:  # a moment after the work was done
            reply = {"status": "interrupted"}
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        wire.send(line, reply)


def _time_is_over(number: int, frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_REAL, LATER)  # for code that catches this and goes on
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the next time it ends the process
    raise KeyboardInterrupt
