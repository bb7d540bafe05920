"""A fork server in its bubblewrap, from the outside: start it, get children from it, let it go."""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_pkg.grading.execution.limits import Limits
from course_pkg.grading.sandbox import packages, system_calls

EXCHANGE, SITE, COURSE, WORK = "/exchange", "/site", "/course", "/work"
STARTING = 60.0  # seconds for the imports
FORKING = 20.0
HOW_TO_GET_IT = (
    "install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap) on a Linux that lets it make user "
    "namespaces (sysctl kernel.unprivileged_userns_clone=1, or, on Ubuntu, "
    "kernel.apparmor_restrict_unprivileged_userns=0). To grade without a sandbox all the same, where every "
    "student's code may do all that you may: --unsandboxed"
)
# one thread each, or the processes wait for one another; the same order of sets in every run
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",  # or each thread reserves address space, which is limited
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),  # memory that was given back is used again, not asked for anew
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


class NoSandboxError(RuntimeError):
    """There is no sandbox to be had here; the message says how to get one."""


class RoomFailedError(RuntimeError):
    """The fork server or one of its children could not be started, or is gone."""


@dataclass(frozen=True)
class Furniture:
    """What a room has; two with equal furniture can share one fork server.

    Attributes
    ----------
    role : str
        "kernel" or "tester".
    packages : tuple of str
        Distributions to be seen, and imported in advance.
    course : tuple of str
        Parts of `course_pkg` to be seen.
    guarded : tuple of str
        Functions that tests may forbid, see `course_pkg.checks.shortcuts`.
    sandboxed : bool
        Whether it is in bubblewrap at all.
    """

    role: str
    packages: tuple[str, ...]
    course: tuple[str, ...]
    guarded: tuple[str, ...] = ()
    sandboxed: bool = True


class Child:
    """A running child of a fork server.

    Attributes
    ----------
    pid : int
        Its process id, as the fork server knows it.
    status : int or None
        How it ended, as `subprocess` says it; None while it runs.
    greedy : float
        Megabytes for which it was killed; 0 if it was not.
    """

    def __init__(self, room: "Room", pid: int) -> None:
        self.room, self.pid = room, pid
        self.status: int | None = None
        self.greedy = 0.0

    def send_signal(self, number: int) -> None:
        """Send it a signal; to one that has ended, nothing happens."""
        if self.poll() is None:
            self.room.say({"do": "signal", "pid": self.pid, "signal": int(number)})

    def poll(self) -> int | None:
        """How it ended; None if it still runs."""
        self.room.listen(0)
        return self.status

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, but not longer than that."""
        until = time.monotonic() + seconds
        while self.status is None and self.room.listen(until - time.monotonic()):
            continue
        return self.status


class Room:
    """A fork server and the sandbox around it. Use it as a context manager, or close it."""

    def __init__(self, furniture: Furniture) -> None:
        self.furniture = furniture
        self.folder = Path(tempfile.mkdtemp(prefix="cg-"))
        self.folder.chmod(0o711)
        self.children: dict[int, Child] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.count = 0
        self.line, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        log = (self.folder / "log").open("wb")
        try:
            self.process = subprocess.Popen(
                self._command(inside.fileno()),
                pass_fds=[inside.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C is for the grader, which then closes the room
            )
        finally:
            inside.close()
            log.close()
        self._close = weakref.finalize(self, _clear, self.process, self.line, self.folder)
        self._start()

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the fork server and with it every child, whatever it does."""
        self._close()

    @property
    def open(self) -> bool:
        """Whether the fork server still runs."""
        return self._close.alive and self.process.poll() is None

    def fork(
        self, limits: Limits, channels: Sequence[socket.socket], files: dict[str, bytes], **request: Any
    ) -> Child:
        """Start a child.

        Parameters
        ----------
        limits : Limits
            What it may use.
        channels : sequence of socket
            Open sockets that it is to have.
        files : dict
            What lies in its folder at the start, by name.
        **request
            What its role needs besides.

        Raises
        ------
        RoomFailedError
            If it cannot be started.
        """
        self.count += 1
        number = self.count
        message = {"do": "fork", "id": number, "limits": asdict(limits), **request}
        if not self.furniture.sandboxed:
            (self.folder / f"work-{number}").mkdir()
            message["work"] = str(self.folder / f"work-{number}")
        packed = {name: base64.b64encode(content).decode() for name, content in files.items()}
        with open(os.memfd_create("files"), "w+b") as stream:
            stream.write(json.dumps(packed).encode())
            stream.flush()
            descriptors = [stream.fileno(), *(channel.fileno() for channel in channels)]
            self.say(message, descriptors)
        until = time.monotonic() + FORKING
        while number not in self.answers:
            if not self.listen(until - time.monotonic()):
                raise RoomFailedError(f"the fork server did not answer: {self._last_words()}")
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RoomFailedError(f"a child could not be started: {answer['error']}")
        return self.children[answer["pid"]]

    def say(self, message: dict[str, Any], descriptors: Iterable[int] = ()) -> None:
        """Send the fork server a request."""
        try:
            socket.send_fds(self.line, [json.dumps(message).encode()], list(descriptors))
        except OSError as error:
            raise RoomFailedError(f"the fork server is gone: {self._last_words()}") from error

    def listen(self, seconds: float) -> bool:
        """Take in one message if there is one, or comes within that time; False if not."""
        data = b""
        if self._close.alive:
            if not select.select([self.line], [], [], max(0.0, seconds))[0]:
                return False
            with contextlib.suppress(ConnectionError):
                data = self.line.recv(1 << 16)
        if not data:  # the fork server is gone, and its children with it
            while self.children:
                self.children.popitem()[1].status = -int(signal.SIGKILL)
            return False
        message = json.loads(data)
        if "started" in message:
            self.answers[message["started"]] = message
            if "pid" in message:
                self.children[message["pid"]] = Child(self, message["pid"])
        elif "greedy" in message:
            self.children[message["greedy"]].greedy = message["megabytes"]
        elif "ended" in message:
            self.children.pop(message["ended"]).status = message["status"]
        else:
            self.answers[0] = message
        return True

    def _start(self) -> None:
        found = packages.distributions(self.furniture.packages)
        guarded = list(self.furniture.guarded) if self.furniture.role == "kernel" else []
        hello = {
            "imports": [*packages.modules(found), *self._also_imported()],
            "guarded": guarded,
            "isolated": self.furniture.sandboxed,
            "system_calls": base64.b64encode(system_calls.program(self.furniture.role)).decode(),
        }
        with contextlib.suppress(RoomFailedError):  # it has ended already: its last words say why
            self.say(hello)
        until = time.monotonic() + STARTING
        while 0 not in self.answers:
            if not self.listen(until - time.monotonic()):
                words = self._last_words()
                self.close()
                if "bwrap:" in words:
                    raise NoSandboxError(f"bubblewrap says {words!r}; {HOW_TO_GET_IT}")
                raise RoomFailedError(f"the fork server did not start: {words}")

    def _also_imported(self) -> list[str]:
        light = ("checks", "data", "ops")  # those that need no more than NumPy
        names = [f"course_pkg.{part}" for part in light if part in self.furniture.course]
        return [*names, *(["matplotlib.pyplot"] if "matplotlib" in self.furniture.packages else [])]

    def _environment(self) -> dict[str, str]:
        home = WORK if self.furniture.sandboxed else str(self.folder)
        scratch = "/tmp" if self.furniture.sandboxed else home  # inside, /tmp is a disk of the room's own
        path = os.pathsep.join([SITE, COURSE] if self.furniture.sandboxed else sys.path)
        return {
            **ENVIRONMENT,
            "HOME": home,
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": path,
            "TMPDIR": scratch,
            "MPLCONFIGDIR": f"{scratch}/matplotlib",
        }

    def _command(self, descriptor: int) -> list[str]:
        program = ["-m", "course_pkg.grading.sandbox.forkserver", str(descriptor), self.furniture.role]
        if not self.furniture.sandboxed:
            return [sys.executable, *program]
        bubblewrap = shutil.which("bwrap")
        if sys.platform != "linux" or bubblewrap is None:
            raise NoSandboxError(f"there is no bubblewrap (bwrap) here: {HOW_TO_GET_IT}")
        python = Path(sys.base_prefix) / "bin" / Path(os.path.realpath(sys.executable)).name
        # root's own powers are kept until the fork server has become nobody
        rights = ["--cap-add", "ALL"] if os.getuid() == 0 else ["--unshare-user"]
        return [
            bubblewrap,
            *[
                "--unshare-pid",
                "--unshare-net",
                "--unshare-ipc",
                "--unshare-uts",
                "--hostname",
                "sandbox",
                "--unshare-cgroup-try",
            ],
            *["--die-with-parent", "--new-session", *rights],
            *self._system(),
            *self._packages(),
            *[
                "--proc",
                "/proc",
                "--dev",
                "/dev",
                "--perms",
                "0755",
                "--dir",
                WORK,
                "--perms",
                "1777",
                "--tmpfs",
                "/tmp",
            ],
            *["--bind", str(self.folder), EXCHANGE, "--remount-ro", "/dev", "--remount-ro", "/"],
            *["--chdir", "/"],
            *["--", str(python), "-S", "-B", *program],
        ]

    def _system(self) -> list[str]:
        """Python and the system's libraries; what others installed there stays out of sight."""
        shown = ["--ro-bind", "/usr", "/usr"]
        for link in ("lib", "lib64", "bin", "sbin"):
            where = Path("/") / link
            if where.is_symlink():
                shown += ["--symlink", os.readlink(where), str(where)]
            elif where.is_dir():
                shown += ["--ro-bind", str(where), str(where)]
        shown += [*_folders(["/etc/ld.so.cache"]), "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
        if not sys.base_prefix.startswith("/usr"):
            shown += [*_folders([sys.base_prefix]), "--ro-bind", sys.base_prefix, sys.base_prefix]
        others = [Path(sysconfig.get_path("purelib", vars={"base": sys.base_prefix}))]
        for pattern in (
            "lib/python3*/dist-packages",
            "lib/python3*/site-packages",
            "local/lib/python3*/*-packages",
        ):
            others += Path("/usr").glob(pattern)
        for place in sorted(set(others)):
            shown += ["--tmpfs", str(place)] if place.is_dir() else []
        return shown

    def _packages(self) -> list[str]:
        wanted = (
            [*packages.KERNEL, *self.furniture.packages]
            if self.furniture.role == "kernel"
            else (self.furniture.packages)
        )
        inside = {place: f"{SITE}/{place.name}" for place in packages.places(packages.distributions(wanted))}
        for place in packages.course_places(self.furniture.course):
            inside[place] = f"{COURSE}/course_pkg/{place.relative_to(packages.COURSE)}"
        binds = [word for place, shown in inside.items() for word in ("--ro-bind", str(place), shown)]
        return [*_folders(inside.values()), *binds]

    def _last_words(self) -> str:
        text = (
            (self.folder / "log").read_text(encoding="utf-8", errors="replace")
            if self.folder.exists()
            else ""
        )
        return " ".join(text.split())[-400:] or "it said nothing"


def _folders(paths: Iterable[str]) -> list[str]:
    """The folders above the paths, for everybody to look into: bubblewrap's own choice is root alone."""
    above = {str(parent) for path in paths for parent in Path(path).parents} - {"/"}
    return [word for folder in sorted(above) for word in ("--perms", "0755", "--dir", folder)]


def _clear(process: subprocess.Popen, line: socket.socket, folder: Path) -> None:
    line.close()  # the fork server ends when its line does
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
