"""Start children that begin with everything imported.

`python -m course_pkg.grading.sandbox.forkserver DESCRIPTOR ROLE` listens on one socket, which it was started
with. A request is one JSON message, with open sockets attached that the child is to have; the replies say
which process was started and which have ended.
"""

import base64
import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from course_pkg.grading.sandbox import isolation
from course_pkg.grading.sandbox.sharing import share

WORK = "/work"  # where a child may write
EXCHANGE = "/exchange"  # where the kernels' sockets are, a folder each
ROLES = {"kernel": "course_pkg.grading.sandbox.kernel", "tester": "course_pkg.grading.sandbox.tester"}
LOOK = 0.2  # seconds between looks at the children's memory
CLOSER = 5  # each how many looks is a closer one
# times its memory may be a child's address space: what takes too much is to be ended by the looks, and not to
# go on in want of memory, which would cost the honest cells after it
ADDRESSES = 2
PR_SET_CHILD_SUBREAPER = 36
LARGEST = 1 << 17  # bytes of a request

Request = dict[str, Any]


def serve(line: socket.socket, role: str) -> None:
    """Do what the requests say until the other end is gone."""
    isolation._libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    hello = json.loads(_receive(line)[0])
    if hello["isolated"]:
        isolation.drop_root()
    program = importlib.import_module(ROLES[role])
    program.prepare(hello["imports"], hello["guarded"])
    same_for_all = {"isolated": hello["isolated"], "system_calls": hello["system_calls"]}
    share()
    _say(line, {"ready": os.getpid()})
    memory: dict[int, float] = {}  # the running children, and what each may use
    next_look, looks = 0.0, 0
    signal.set_wakeup_fd(_wakes(signal.SIGCHLD), warn_on_full_buffer=False)
    while True:
        readable, _, _ = select.select([line, _woken], [], [], LOOK if memory else None)
        if _woken in readable:
            _woken.recv(4096)
        if line in readable:
            data, given = _receive(line)
            if not data:
                return
            request = json.loads(data)
            if request["do"] == "fork":
                answer = _fork(program, request | same_for_all, given)
                _say(line, {"started": request["id"], **answer})
                if "pid" in answer:
                    memory[answer["pid"]] = request["limits"]["memory"] + isolation.THREADS
            elif request["do"] == "signal" and request["pid"] in memory:
                # process 1 takes its whole world along; without one, there is the group
                whole = request["signal"] == signal.SIGKILL and not hello["isolated"]
                (os.killpg if whole else os.kill)(request["pid"], request["signal"])
            for descriptor in given:
                os.close(descriptor)
        if memory and time.monotonic() >= next_look:
            next_look, looks = time.monotonic() + LOOK, looks + 1
            _stop_the_greedy(memory, line, closely=looks % CLOSER == 0)
        _report_ended(memory, line)


def _fork(program: Any, request: Request, given: list[int]) -> dict[str, Any]:
    """Start a child; its process id, or the error that kept it from starting."""
    reading, writing = os.pipe()
    first = os.fork()
    if not first:
        _become_child(program, request, given, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        answer: dict[str, Any] = json.loads(stream.read() or b'{"error": "the child ended at once"}')
    if request["isolated"]:
        os.waitpid(first, 0)  # it only stood between; its child is ours now
    return answer


def _become_child(program: Any, request: Request, given: list[int], writing: int) -> None:
    """In the fresh child: shut it in and run the role's program. Never returns."""
    try:
        signal.set_wakeup_fd(-1)
        limits, work = request["limits"], request.get("work", WORK)
        if request["isolated"]:
            isolation.enter(work, limits["scratch"], limits["files"])
            child = os.fork()
            if child:
                os.write(writing, json.dumps({"pid": child}).encode())
                os._exit(0)
        else:
            os.write(writing, json.dumps({"pid": os.getpid()}).encode())
        os.setsid()  # out of our process group, which a signal to group 0 would reach
        _keep_only(given)
        packed, *channels = given
        _put_files(Path(work), packed)
        os.chdir(work)
        listening = program.listen(request)
        isolation.limit(
            ADDRESSES * limits["memory"],
            limits["processes"],
            limits["total"],
            limits["scratch"],
            program.DESCRIPTORS,
        )
        if request["isolated"]:
            for folder in (EXCHANGE, "/proc"):
                isolation.cover(folder)
            isolation.give_up_privileges(base64.b64decode(request["system_calls"]))
        program.run(request, [socket.socket(fileno=channel) for channel in channels], listening)
        os._exit(0)
    except BaseException as error:  # whatever it was: a child that cannot be shut in must not go on
        with contextlib.suppress(OSError):  # closed: the fork server has been told of the start
            os.write(writing, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        os._exit(70)


def _keep_only(given: list[int]) -> None:
    """Close what the fork server has open; what the child writes past its notebook goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in given:
            with contextlib.suppress(OSError):  # the listing itself was one of them
                os.close(number)


def _put_files(work: Path, packed: int) -> None:
    """Write the supporting files, which came as JSON in an open file, into the child's own folder."""
    with os.fdopen(packed, "rb") as stream:
        stream.seek(0)
        files = json.load(stream)
    for name, content in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))


def _report_ended(memory: dict[int, float], line: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        if memory.pop(pid, None) is not None:
            _say(line, {"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def _stop_the_greedy(memory: dict[int, float], line: socket.socket, closely: bool) -> None:
    """Kill the children that use, all their processes together, more memory than they may.

    To tell what is shared takes the kernel milliseconds for each process, so a look that is not close takes
    all that we have ourselves for shared. It misses what a process has written over of that.
    """
    ours = 0.0 if closely else _not_in_files(os.getpid())
    for child, family in _families(set(memory)).items():
        if sum(max(0.0, _not_in_files(pid) - ours) for pid in family) <= memory[child]:
            continue
        megabytes = sum(map(_own_share, family))
        if megabytes > memory[child]:
            os.kill(child, signal.SIGKILL)
            _say(line, {"greedy": child, "megabytes": round(megabytes)})


def _families(children: set[int]) -> dict[int, list[int]]:
    """Each child with its descendants: their process ids."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, IndexError):  # it has ended in the meantime
            # bytes: a process may choose any for its name, which stands in there
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()[1])
    found: dict[int, list[int]] = {child: [] for child in children}
    for pid in parents:
        owner = pid
        while owner and owner not in children:
            owner = parents.get(owner, 0)
        if owner:
            found[owner].append(pid)
    return found


def _not_in_files(pid: int) -> float:
    """Megabytes that a process has in memory beside files; what it shares with others counts in full."""
    return _megabytes(Path(f"/proc/{pid}/status"), b"RssAnon:", b"RssShmem:")


def _own_share(pid: int) -> float:
    """The same, with what several processes share divided among them."""
    return _megabytes(Path(f"/proc/{pid}/smaps_rollup"), b"Pss_Anon:", b"Pss_Shmem:") or _not_in_files(pid)


def _megabytes(report: Path, *fields: bytes) -> float:
    """The sum of some lines of the kernel's report on a process; 0 if that has ended."""
    with contextlib.suppress(OSError):
        found = [line.split() for line in report.read_bytes().splitlines() if line.startswith(fields)]
        return sum(int(words[1]) for words in found) / 1024
    return 0.0


def _wakes(number: int) -> int:
    """Arrange for a signal to wake the loop."""
    global _woken
    _woken, waking = socket.socketpair()
    for end in (_woken, waking):
        end.setblocking(False)
    signal.signal(number, lambda *_: None)
    _keep.append(waking)
    return waking.fileno()


def _receive(line: socket.socket) -> tuple[bytes, list[int]]:
    """A message and the descriptors attached to it: first the packed files, then the child's channels."""
    data, descriptors, _, _ = socket.recv_fds(line, LARGEST, 4)
    return data, descriptors


def _say(line: socket.socket, what: dict[str, Any]) -> None:
    line.send(json.dumps(what).encode())


_woken: socket.socket
_keep: list[socket.socket] = []

if __name__ == "__main__":
    time.tzset()
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
