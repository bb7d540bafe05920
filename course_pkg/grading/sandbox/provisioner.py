"""Kernels from a fork server, for Jupyter.

Entry point `course-sandbox` of `jupyter_client.kernel_provisioners`.
A kernel specification asks for it in its metadata::

    {"kernel_provisioner": {"provisioner_name": "course-sandbox",
                            "config": {"packages": ["numpy"], "course": ["checks"]}}}

A `KernelManager` with `transport="ipc"` then gets kernels in the sandbox.
"""

import signal
from pathlib import Path
from socket import socket
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, List, Unicode

from course_pkg.grading.execution.limits import Limits
from course_pkg.grading.sandbox.room import EXCHANGE, Child, Furniture, Room

NAME = "course-sandbox"

_rooms: dict[Furniture, Room] = {}


def room(furniture: Furniture) -> Room:
    """The fork server with that furniture; it is started the first time, and again when it has ended."""
    found = _rooms.get(furniture)
    if found is None or not found.open:
        if found is not None:
            found.close()
        found = _rooms[furniture] = Room(furniture)
    return found


def close_rooms() -> None:
    """End every fork server of this process."""
    while _rooms:
        _rooms.popitem()[1].close()


def kernel_spec(furniture: Furniture, limits: Limits) -> KernelSpec:
    """The specification of a kernel in a room with that furniture."""
    config = {
        "packages": list(furniture.packages),
        "course": list(furniture.course),
        "guarded": list(furniture.guarded),
        "sandboxed": furniture.sandboxed,
        "limits": limits,
    }
    return KernelSpec(
        display_name="Python 3 (sandbox)",
        language="python",
        argv=[],
        metadata={"kernel_provisioner": {"provisioner_name": NAME, "config": config}},
    )


class SandboxProvisioner(KernelProvisionerBase):
    """Starts a kernel as a child of a fork server, and speaks for it.

    Keyword arguments of `KernelManager.start_kernel` that mean something here: `channels`, the open sockets
    that the kernel is to have, and `files`, what lies in its folder.
    """

    packages = List(Unicode(), ["numpy"])
    course = List(Unicode(), ["checks"])
    guarded = List(Unicode(), [])
    sandboxed = Bool(True)
    limits = AnyTrait(Limits())
    launch = Dict({})
    child: Child | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started, and not cleaned up yet."""
        return self.child is not None

    async def poll(self) -> int | None:
        """How the kernel ended; None if it still runs."""
        return 0 if self.child is None else self.child.poll()

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        child, self.child = self.child, None
        return None if child is None else child.wait(10)

    async def send_signal(self, signum: int) -> None:
        """Send the kernel a signal."""
        if self.child is not None:
            self.child.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and every process that it started: they share its process namespace."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """The same: a kernel has nothing to tidy up."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's sockets."""
        for path in Path(self.connection_info["ip"]).parent.glob("kernel-*"):
            path.unlink(missing_ok=True)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the folder of the kernel's sockets and write nothing: the child is told all it needs."""
        self.launch = {name: kwargs.pop(name) for name in ("channels", "files") if name in kwargs}
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel and say where its sockets are.

        Raises
        ------
        NoSandboxError, RoomFailedError
            If it cannot be started.
        """
        place = room(self._furniture())
        folder = place.folder / f"k{place.count}"
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)  # the kernel is nobody
        channels: list[socket] = self.launch.get("channels", [])
        inside = f"{EXCHANGE}/{folder.name}" if self.sandboxed else str(folder)
        assert isinstance(self.parent, KernelManager)
        key = self.parent.session.key
        self.child = place.fork(
            self.limits, channels, self.launch.get("files", {}), folder=inside, key=key.decode()
        )
        self.connection_info = {
            "transport": "ipc",
            "ip": str(folder / "kernel"),
            "key": key,
            "signature_scheme": "hmac-sha256",
            "shell_port": 1,
            "iopub_port": 2,
            "stdin_port": 3,
            "control_port": 4,
            "hb_port": 5,
        }
        return self.connection_info

    def _furniture(self) -> Furniture:
        return Furniture(
            "kernel", tuple(self.packages), tuple(self.course), tuple(self.guarded), self.sandboxed
        )
