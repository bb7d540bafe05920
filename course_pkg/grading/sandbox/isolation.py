"""Shut a process in: namespaces and mounts of its own, limits, no capabilities, fewer system calls.

Runs inside the sandbox, on nothing but the standard library. Linux; see namespaces(7), capabilities(7),
setrlimit(2) and seccomp(2).
"""

import ctypes
import os
import resource
from collections.abc import Callable

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x20000, 0x2000000, 0x4000000
CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x8000000, 0x10000000, 0x20000000, 0x40000000
EVERY_NAMESPACE = (
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
)
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_SLAVE = 2, 4, 0x1000, 0x4000, 0x80000
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522
NOBODY = 65534
USER = 1000  # who the student's code is, inside
MB = 1024 * 1024
THREADS = 256  # megabytes of address space for the threads of a kernel

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def drop_root() -> None:
    """Become nobody, if we are root: the kernel exempts root from the limit on processes."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self would still be root's


def enter(work: str, scratch: float, files: int) -> None:
    """Move this process into namespaces and mounts of its own; its next child is process 1 there.

    Parameters
    ----------
    work : str
        The folder to be writable: it becomes a memory disk of the given size, and /tmp the same.
    scratch : float
        Megabytes that can be written to it.
    files : int
        How many files, folders and links can be made in it.

    Raises
    ------
    OSError
        If the kernel refuses a namespace or a mount.
    """
    uid, gid = os.getuid(), os.getgid()
    _do(_libc.unshare(EVERY_NAMESPACE), "namespaces of its own")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{USER} {uid} 1")
    _write("/proc/self/gid_map", f"{USER} {gid} 1")
    _do(_libc.mount(b"none", b"/", None, MS_REC | MS_SLAVE, None), "mounts of its own")
    _memory_disk(work, f"size={int(scratch * MB)},nr_inodes={files},mode=700")
    _do(_libc.mount(work.encode(), b"/tmp", None, MS_BIND, None), "a /tmp of its own")
    _memory_disk("/dev/shm", f"size={int(scratch * MB)},nr_inodes={files},mode=700")


def cover(folder: str) -> None:
    """Cover a folder by an empty one; sockets in it that are in use stay so."""
    _memory_disk(folder, "size=4k,nr_inodes=2,mode=555")


def limit(memory: float, processes: int, seconds: float, file_size: float, descriptors: int) -> None:
    """Set the limits that hold for each process; no process can raise them.

    Parameters
    ----------
    memory : float
        Megabytes of address space, beyond what is in use now.
    processes : int
        Processes and threads at a time.
    seconds : float
        Of processor time.
    file_size : float
        Megabytes.
    descriptors : int
        Open at a time.
    """
    with open("/proc/self/statm") as stream:
        pages = int(stream.read().split()[0])
    wanted = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + int((memory + THREADS) * MB),
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_CPU: int(seconds) + 1,
        resource.RLIMIT_FSIZE: int(file_size * MB),
        resource.RLIMIT_NOFILE: descriptors,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for what, most in wanted.items():
        hard = resource.getrlimit(what)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (value, value))


def give_up_privileges(system_calls: bytes) -> None:
    """Drop every capability for good, and allow only the system calls that the filter lets through.

    Parameters
    ----------
    system_calls : bytes
        A seccomp program; empty for none.
    """
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            break  # the kernel knows no more
    header, none = _CapabilityHeader(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    _do(_libc.capset(ctypes.byref(header), ctypes.byref(none)), "no capabilities")
    _do(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # so that the fork server can see how much memory it uses
    if system_calls:
        program = _Program(len(system_calls) // 8, system_calls)
        done = _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
        _do(done, "a filter of system calls")


def run_in_child(body: Callable[[], None]) -> int:
    """Fork; the child runs `body` and ends. Returns the child's process id to the parent."""
    child = os.fork()
    if child:
        return child
    try:
        body()
    finally:
        os._exit(0)


def _memory_disk(folder: str, options: str) -> None:
    flags = MS_NOSUID | MS_NODEV
    _do(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", flags, options.encode()), f"a disk at {folder}")


def _write(path: str, text: str) -> None:
    with open(path, "w") as stream:
        stream.write(text)


def _do(failed: int, what: str) -> None:
    if failed:
        raise OSError(
            ctypes.get_errno(), f"the sandbox could not get {what}: {os.strerror(ctypes.get_errno())}"
        )
