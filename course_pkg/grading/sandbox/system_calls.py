"""The filter of system calls, compiled by libseccomp (pyseccomp) for the children to load."""

import tempfile
from functools import cache

# what no notebook needs: other programs, among them a Python without our guards; namespaces and mounts; other
# processes' memory; memory that is in no process's address space, where nobody counts it; kernel interfaces
# with a past
# fmt: off
REFUSED = [
    "execve", "execveat",
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount",
    "open_tree", "move_mount", "mount_setattr", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp",
    "pidfd_getfd", "process_madvise", "add_key", "request_key", "keyctl", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "open_by_handle_at", "name_to_handle_at",
    "fanotify_init", "swapon", "swapoff", "acct", "quotactl", "reboot", "syslog", "vhangup",
    "sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl",
    "ioperm", "lookup_dcookie", "nfsservctl", "personality", "memfd_secret", "landlock_create_ruleset",
    "mbind", "set_mempolicy", "migrate_pages", "move_pages",
    "memfd_create", "shmget", "shmat", "semget", "msgget", "mq_open",
]
# fmt: on
# descriptors on their way are counted for all processes of a user: one student's could use up everybody's
TO_STUDENTS = ["sendmsg", "sendmmsg"]
NEW_NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
SOCKET_FAMILIES = (1, 2, 10, 16)  # files, IPv4, IPv6, netlink: the last three lead nowhere from here


@cache
def program(role: str = "kernel") -> bytes:
    """The filter for a role as a seccomp program; empty where libseccomp or pyseccomp is missing.

    Refused calls fail with EPERM, unusual kinds of sockets with EAFNOSUPPORT.
    """
    try:
        import errno

        import pyseccomp as seccomp  # type: ignore[import-untyped]
    except (ImportError, RuntimeError, OSError):  # it is made for Linux with libseccomp only
        return b""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refuse = seccomp.ERRNO(errno.EPERM)
    for name in [*REFUSED, *(TO_STUDENTS if role == "kernel" else [])]:
        try:
            number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
        except (ValueError, OSError):
            continue  # an older libseccomp does not know it
        if number >= 0:
            rules.add_rule(refuse, number)
    for flag in NEW_NAMESPACES:
        rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    rules.add_rule(
        seccomp.ERRNO(errno.ENOSYS), "clone3"
    )  # its flags lie in memory; libraries fall back to clone
    unusual = seccomp.ERRNO(errno.EAFNOSUPPORT)
    rules.add_rule(unusual, "socket", seccomp.Arg(0, seccomp.GT, max(SOCKET_FAMILIES)))
    for family in set(range(max(SOCKET_FAMILIES))) - set(SOCKET_FAMILIES):
        rules.add_rule(unusual, "socket", seccomp.Arg(0, seccomp.EQ, family))
    with tempfile.TemporaryFile() as stream:
        rules.export_bpf(stream)
        stream.seek(0)
        return stream.read()
