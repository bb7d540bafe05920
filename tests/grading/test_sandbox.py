"""What code inside the sandbox can see, reach and leave behind."""

import ast
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import psutil
import pytest
from jupyter_client import KernelManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_pkg.grading.execution.limits import Limits, load
from course_pkg.grading.execution.student_kernel import StudentKernel
from course_pkg.grading.sandbox import packages, system_calls
from course_pkg.grading.sandbox.provisioner import SandboxProvisioner, close_rooms, kernel_spec
from course_pkg.grading.sandbox.room import Furniture, NoSandboxError, Room, RoomFailedError

LIMITS = Limits(packages=("numpy",), cell=10, memory=400, scratch=4, files=100, processes=40)
FURNITURE = Furniture("kernel", ("numpy",), ("checks",))

Ask = Callable[[str], object]


@pytest.fixture(scope="module", autouse=True)
def _no_rooms_are_left() -> Iterator[None]:
    yield
    close_rooms()


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Evaluates an expression inside; an error comes back as the name of its class."""
    kernel = StudentKernel(FURNITURE, LIMITS, {})
    kernel.run(
        new_code_cell("import os, socket, ctypes, sys, glob\nc = ctypes.CDLL(None, use_errno=True)"), 10
    )

    def evaluate(expression: str) -> object:
        cell = new_code_cell(f"try:\n    print(repr({expression}))\nexcept BaseException as e:\n    ")
        cell.source += "print(repr(type(e).__name__))"
        kernel.run(cell, 10)
        return ast.literal_eval(cell.outputs[0].text)

    yield evaluate
    kernel.close()


def run_inside(source: str, limits: Limits = LIMITS) -> NotebookNode:
    kernel = StudentKernel(FURNITURE, limits, {})
    try:
        cell = new_code_cell(textwrap.dedent(source))
        kernel.run(cell, limits.cell)
        return cell
    finally:
        kernel.close()


@pytest.mark.parametrize(
    "path",
    [
        Path(__file__).resolve(),
        Path(packages.COURSE).parent / "solutions",
        Path(packages.COURSE) / "grading" / "execution" / "execute.py",
        Path(packages.COURSE) / "ops",
        Path.home() / ".ssh",
        "/etc/passwd",
        "/sys",
        "/proc/1/environ",
        "/proc/self/mem",
        "/var",
        "/home",
        "/exchange/log",
    ],
    ids=str,
)
def test_nothing_else_of_this_machine_can_be_seen(ask, path):
    assert ask(f"os.path.exists({str(path)!r})") is False


def test_secrets_of_the_environment_stay_outside(monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "canary")
    with Room(FURNITURE) as room:
        environment = Path(f"/proc/{room.process.pid}/environ").read_text()
    assert "canary" not in environment
    assert "OMP_NUM_THREADS=1" in environment


@pytest.mark.parametrize(
    "folder", ["/usr", "/site/numpy", "/course", "/dev", "/", "/exchange", "/etc", "/proc"]
)
def test_nothing_can_be_written_beside_ones_own_folder(ask, folder):
    assert ask(f"open('{folder}/x', 'w')") in ("OSError", "PermissionError")


def test_ones_own_folder_is_small(ask):
    assert ask("open('/work/big', 'wb').write(bytes(6 * 2**20))") == "OSError"
    assert ask("os.remove('/work/big')") is None
    assert ask("[open(f'/tmp/{i}', 'w').close() for i in range(200)]") == "OSError"
    assert ask("[os.remove(p) for p in glob.glob('/tmp/[0-9]*')] and None") is None


@pytest.mark.parametrize(
    "name", ["torch", "scipy", "nbgrader", "matplotlib", "course_pkg.ops", "course_pkg.data"]
)
def test_only_allowed_packages_are_there(ask, name):
    assert ask(f"__import__('{name}')") == "ModuleNotFoundError"


def test_no_network(ask):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as hidden:
        hidden.bind("\0course-test")
        hidden.listen()
        port = server.getsockname()[1]
        assert ask(f"socket.create_connection(('127.0.0.1', {port}), 2)") == "OSError"
        assert ask("socket.socket(socket.AF_UNIX).connect('\\0course-test')") == "ConnectionRefusedError"
    assert ask("socket.getaddrinfo('localhost.example', 80)") == "gaierror"


@pytest.mark.parametrize(
    "call",
    [
        "c.unshare(0x10000000)",
        "c.mount(b'x', b'/tmp', b'tmpfs', 0, None)",
        "c.umount2(b'/exchange', 2)",
        "c.chroot(b'/work')",
        "c.ptrace(16, 1, 0, 0)",
        "c.syscall(250, 0, 0, 0)",  # keyctl
        "c.syscall(321, 0, 0, 0)",  # bpf
        "c.syscall(425, 1, 0)",  # io_uring_setup
        "c.syscall(323, 0)",  # userfaultfd
        "c.sethostname(b'x', 1)",
        "c.setuid(0)",
        "c.setns(0, 0)",
        "c.prctl(24, 0, 0, 0, 0) + c.capset(0, 0)",
    ],
)
def test_privileged_calls_are_refused(ask, call):
    assert ask(call) < 0


@pytest.mark.parametrize("family", ["AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_CAN"])
def test_unusual_sockets_are_refused(ask, family):
    assert ask(f"socket.socket(socket.{family}, socket.SOCK_RAW)") in ("OSError", "PermissionError")


def test_limits_cannot_be_raised(ask):
    assert (
        ask("__import__('resource').setrlimit(__import__('resource').RLIMIT_NPROC, (9999, 9999))")
        == "ValueError"
    )
    assert ask("__import__('resource').getrlimit(__import__('resource').RLIMIT_CORE)") == (0, 0)


def test_no_descriptor_leads_anywhere(ask):
    kinds = ask(
        "sorted({os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')}) "
        "if os.path.exists('/proc/self') else [n for n in range(256) if c.fcntl(n, 1) >= 0 "
        "and os.fstat(n).st_mode & 0o170000 == 0o100000]"
    )
    assert not [
        kind for kind in kinds if not str(kind).startswith(("socket:", "pipe:", "anon_inode:", "/dev/null"))
    ]


def test_other_submissions_processes_are_out_of_reach():
    others = [StudentKernel(FURNITURE, LIMITS, {}) for _ in range(2)]
    try:
        every = "import contextlib, os\nfor p in [*range(400), -1]:\n"
        every += "    with contextlib.suppress(ProcessLookupError):\n        os.kill(p, 9)"
        others[0].run(new_code_cell(every), 10)
        assert others[0].child.poll() is None  # process 1 of its own world
        assert others[1].child.poll() is None
        assert others[1].child.room.open
        cell = new_code_cell(
            "import os; print(os.listdir('/work'), os.listdir('/exchange'), os.listdir('/dev/shm'))"
        )
        others[1].run(cell, 10)
        assert cell.outputs[0].text == "['.home'] [] []\n"
    finally:
        for kernel in others:
            kernel.close()


def test_a_flood_of_processes_ends_at_the_limit_and_nothing_is_left():
    before = {p.pid for p in psutil.process_iter()}
    cell = run_inside(
        """
        import os, time
        started = 0
        try:
            while True:
                if not os.fork():
                    os.setsid()
                    time.sleep(60)
                    os._exit(0)
                started += 1
        except OSError:
            print(started)
        """
    )
    assert 5 < int(cell.outputs[0].text) < 40
    close_rooms()
    until = time.monotonic() + 5
    while time.monotonic() < until and _sleeping_children(before):
        time.sleep(0.1)
    assert not _sleeping_children(before)


def _sleeping_children(before: set[int]) -> list[str]:
    found = []
    for process in psutil.process_iter(["name", "cmdline", "ppid"]):
        if process.pid not in before and "forkserver" in " ".join(process.info["cmdline"] or []):
            found.append(str(process.info))
    return [line for line in found if str(os.getpid()) in line]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_survives_a_grader_that_is_killed(number):
    code = """
        import time
        from course_pkg.grading.execution.limits import Limits
        from course_pkg.grading.sandbox.room import Furniture
        from course_pkg.grading.execution.student_kernel import StudentKernel
        kernel = StudentKernel(Furniture("kernel", ("numpy",), ("checks",)), Limits(), {})
        print(kernel.child.room.process.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    ) as grader:
        assert grader.stdout is not None
        room = psutil.Process(int(grader.stdout.readline()))
        family = [room, *room.children(recursive=True)]
        assert len(family) >= 3
        grader.send_signal(number)
        _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive


def test_without_bubblewrap_it_refuses_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoSandboxError, match=r"apt-get install bubblewrap.*--unsandboxed"):
        Room(FURNITURE)


def test_where_bubblewrap_is_not_allowed_it_refuses(monkeypatch, tmp_path):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(NoSandboxError, match=r"No permissions.*unprivileged_userns_clone"):
        Room(FURNITURE)


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(ValueError, match=r"'no-such-package' is not installed; see limits.toml"):
        Room(Furniture("kernel", ("no-such-package",), ()))


def test_a_part_of_the_course_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="got 'opps', expected the name of a folder of course_pkg"):
        Room(Furniture("kernel", ("numpy",), ("opps",)))


def test_a_fork_server_that_is_gone_is_noticed():
    with Room(Furniture("tester", ("numpy",), ("checks",))) as room:
        room.process.kill()
        room.process.wait()
        with pytest.raises(RoomFailedError):
            room.fork(LIMITS, [], {})


def test_the_filter_of_system_calls_is_there():
    program = system_calls.program()
    assert program
    assert len(program) % 8 == 0


def test_jupyter_finds_the_provisioner_and_its_kernels_work():
    [entry] = entry_points(group="jupyter_client.kernel_provisioners", name="course-sandbox")
    assert entry.load() is SandboxProvisioner
    manager = KernelManager(transport="ipc")
    manager._kernel_spec = kernel_spec(FURNITURE, LIMITS)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=20)
        said = []
        client.execute_interactive(
            "print(6 * 7)", timeout=20, output_hook=lambda m: said.append(m["content"])
        )
        assert {"name": "stdout", "text": "42\n"} in said
        assert manager.is_alive()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert not manager.is_alive()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[default]\nmemory = 0", "memory is 0, expected a number above 0"),
        ("[default]\nfiles = 2.5", "files is 2.5, expected a whole number above 0"),
        ("[a1]\npackages = 'numpy'", "packages is 'numpy', expected a list of names"),
        ("[default]\nseconds = 3", "got the limit 'seconds', expected one of call, cell"),
        ("[default", "limits.toml"),
    ],
)
def test_damaged_limits_are_named(tmp_path, text, message):
    (tmp_path / "limits.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        load(tmp_path, "a1")


def test_an_assignments_own_limits_come_on_top(tmp_path):
    (tmp_path / "limits.toml").write_text(
        "[default]\ncell = 7\ncall = 3\n[a1]\ncall = 1.5\npackages = ['numpy']"
    )
    limits = load(tmp_path, "a1")
    assert (limits.cell, limits.call, limits.packages) == (7, 1.5, ("numpy",))
    assert load(tmp_path / "nothing", "a1") == Limits()
