"""The student's kernel: IPython's, on sockets that were opened before it was shut in, with keepers.

A keeper is a fork of the kernel, made where a test cell stands, that sleeps until all of the student's cells
have run: so nothing that tests send can come out in a later cell, by whatever way. Then it answers the calls
of the tests. A careful one lets a snapshot of itself answer, and a fresh one whenever a snapshot dies: each
fork costs time, so that is only for notebooks in which a keeper has died.
"""

import importlib
import io
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from course_pkg.grading.sandbox import chance

PARTS_OF_A_KERNEL = (
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "comm",
    "ipykernel.debugger",  # imported by every kernel, also without debugpy
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "stack_data",  # for the first error that is shown
    "tornado.platform.asyncio",
)
# what a package imports only when it is first used; an optimizer of torch, for one, takes two seconds
LATE_PARTS = {
    "matplotlib": [
        "matplotlib.backends.backend_agg",
        "matplotlib_inline.backend_inline",
        "PIL.PngImagePlugin",
    ],
    "numpy": ["numpy.random"],
    "torch": ["torch._dynamo", "course_pkg.checks.tensors"],
}
DESCRIPTORS = 256  # that each process may have
CHANNELS = ("shell", "iopub", "stdin", "control")
LATER = 2  # seconds that a call may go on after it was told to stop
SHOWN = 20  # calls at the top and at the bottom of an endless recursion that its traceback shows
PATIENCE = 3  # times its seconds of processor time a call may take, where others are busy too
# what the student's cells leave to us, of descriptors and of processes and threads
SPARE = {resource.RLIMIT_NOFILE: 64, resource.RLIMIT_NPROC: 20}


class Tools:
    """What the tests need here, taken before the student's code can put something else in its place."""

    receive: Callable[[socket.socket], dict[str, Any]]
    send: Callable[[socket.socket, dict[str, Any]], None]
    run: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
    use_threads: Callable[[int], None] | None = None


def prepare(imports: list[str], guarded: list[str]) -> None:
    """Import everything that a kernel needs, and what the student may use; put up the guards."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # "not installed": it takes a kernel 60 ms
    late = [part for package in imports for part in LATE_PARTS.get(package, [])]
    for name in (*PARTS_OF_A_KERNEL, *imports, *late):
        importlib.import_module(name)
    from course_pkg.checks import guards, wire
    from course_pkg.checks.work import run

    Tools.receive, Tools.send, Tools.run = wire.receive, wire.send_reply, run
    if "matplotlib" in imports:
        _draw_once()
    if "torch" in imports:
        Tools.use_threads = sys.modules["torch"].set_num_threads
    guards.guard(guarded)


def _draw_once() -> None:
    """Draw a figure for nobody, so that fonts are looked for and letters cut here and not in every child."""
    from IPython.core.pylabtools import print_figure
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3, 2))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([0, 1], label="a")
    axes.imshow([[0, 1]])
    axes.set(title="abcdefghijklmnopqrstuvwxyz 0123456789", xlabel="$n$")
    axes.legend()
    print_figure(figure, bbox_inches="tight")


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

    class Kernel(IPythonKernel):
        """IPython's kernel, which can also leave keepers of its state."""

        async def do_execute(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
            if self.execution_count == 1:  # the first cell
                chance.same_again()
            streams = sys.stdout, sys.stderr
            try:
                return await super().do_execute(*args, **kwargs)
            finally:
                sys.stdout, sys.stderr = streams  # the kernel itself needs them to end the cell

        def keeper_request(self, stream: Any, ident: Any, parent: Any) -> None:
            assert tester is not None
            answer = _answer_through_snapshots if parent["content"]["careful"] else _answer
            work = partial(answer, names=app.kernel.shell.user_ns, seconds=request["limits"]["call"])
            _leave_keeper(tester, parent["content"]["name"], work)
            app.session.send(stream, "keeper_reply", {"status": "ok"}, parent, ident=ident)

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
    app.kernel.shell.set_custom_exc((RecursionError,), _show_recursion)
    if tester is not None:
        app.kernel.shell_handlers["keeper_request"] = app.kernel.keeper_request
    _spare_something(True)
    app.start()


def _show_recursion(
    shell: Any, kind: type[BaseException], error: BaseException, trace: Any, tb_offset: int | None = None
) -> None:
    """Show an endless recursion by its first and last calls: to show all 3,000 takes IPython seconds."""
    calls = []
    while trace is not None:
        calls.append(trace)
        trace = trace.tb_next
    if len(calls) > 2 * SHOWN:
        error.add_note(f"({len(calls) - 2 * SHOWN:,} calls in between are not shown)")
        calls[SHOWN - 1].tb_next = calls[-SHOWN]
    shell.showtraceback((kind, error, calls[0]), tb_offset=tb_offset)


def _leave_keeper(tester: socket.socket, name: str, work: Callable[[socket.socket], None]) -> None:
    """Fork a keeper, which does its work at the end of the line that the tester has sent for it."""
    _spare_something(False)
    word, descriptors = b"", list[int]()
    while word != name.encode():  # those of test cells that could not be kept are passed over
        word, descriptors, _, _ = socket.recv_fds(tester, 1000, 1)
        if not word:
            return  # the tester is gone
        if word != name.encode():
            os.close(descriptors[0])
    line = socket.socket(fileno=descriptors[0])
    if not os.fork():
        try:
            work(line)
        finally:
            os._exit(0)
    line.close()
    _spare_something(True)


def _spare_something(spare: bool) -> None:
    """Let this process have as many descriptors and processes as it can at all, or leave some to spare."""
    for what, some in SPARE.items():
        most = resource.getrlimit(what)[1]
        wanted = most - some if spare and most > 2 * some else most
        resource.setrlimit(what, (wanted, most))


def _answer(tester: socket.socket, names: dict[str, Any], seconds: float) -> None:
    """Sleep until the tester sends a line; then answer it."""
    _, descriptors, _, _ = socket.recv_fds(tester, 10, 1)
    if descriptors:
        tester.close()
        _answer_calls(socket.socket(fileno=descriptors[0]), names, seconds)


def _answer_through_snapshots(tester: socket.socket, names: dict[str, Any], seconds: float) -> None:
    """Whenever the tester sends a line, have a snapshot answer it, and say how it ended."""
    while True:
        _, descriptors, _, _ = socket.recv_fds(tester, 10, 1)
        if not descriptors:
            return  # the tests are over
        line = socket.socket(fileno=descriptors[0])
        snapshot = os.fork()
        if not snapshot:
            try:
                tester.close()
                _answer_calls(line, names, seconds)
                os._exit(0)
            finally:
                os._exit(1)
        line.close()
        status = os.waitstatus_to_exitcode(os.waitpid(snapshot, 0)[1])
        tester.send(json.dumps({"died": status}).encode())


def _answer_calls(line: socket.socket, names: dict[str, Any], seconds: float) -> None:
    """Answer calls until the tester closes the line."""
    if Tools.use_threads is not None:
        Tools.use_threads(1)  # a fork has no others, and would wait for those that the student asked for
    sys.stdout = sys.stderr = io.StringIO()  # what tests make a function print is nobody's business
    while True:
        try:
            request = Tools.receive(line)
        except EOFError:
            return
        signal.signal(signal.SIGPROF, _time_is_over)
        signal.signal(signal.SIGALRM, _time_is_over)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)  # of processor time, however busy the machine is
        signal.setitimer(signal.ITIMER_REAL, PATIENCE * seconds)  # for a call that sleeps
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds + LATER)  # ends code that cannot be interrupted
        try:
            reply = Tools.run(request, names)
        except KeyboardInterrupt:  # a moment after the work was done
            reply = {"status": "interrupted"}
        for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF, signal.ITIMER_VIRTUAL):
            signal.setitimer(timer, 0)
        Tools.send(line, reply)


def _time_is_over(number: int, frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, LATER)  # for code that catches this and goes on
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the next time it ends the process
    raise KeyboardInterrupt
