"""Start several processes on this machine from a notebook or a test, as `torchrun` does on a command line."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from course_pkg._validate import integer, positive_int


def launch(
    program: str | Sequence[str], processes: int, *, restarts: int = 0, timeout: float = 600.0
) -> subprocess.CompletedProcess[str]:
    """Run a program in several processes, each with one thread and no GPU, and wait for them.

    So they give the same numbers on every machine, and there may be more of them than GPUs. To train on
    several GPUs use `torchrun` itself.

    Parameters
    ----------
    program
        Python code, which should say ``with group():`` from `course_pkg.training.distributed`; or, in a list,
        what stands behind ``torchrun`` on a command line, for example ``["-m", "course_pkg", "train", …]``.
    processes
        How many, at least 1.
    restarts
        How often all are started again when one dies.
    timeout
        Seconds after which they are ended.

    Returns
    -------
    subprocess.CompletedProcess
        What they printed is its `stdout`.

    Raises
    ------
    RuntimeError
        If one of them fails; its last lines are in the message.
    subprocess.TimeoutExpired
        If they take too long.

    Examples
    --------
    >>> program = "import os; print(os.environ['WORLD_SIZE'], len(os.environ['CUDA_VISIBLE_DEVICES']))"
    >>> print(launch(program, processes=1).stdout)
    1 0
    <BLANKLINE>
    """
    processes, restarts = positive_int("processes", processes), integer("restarts", restarts, minimum=0)
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(program, str):
            script = Path(folder) / "program.py"
            script.write_text(program, encoding="utf-8")
            program = [str(script)]
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]  # a free port by itself
        command += [f"--nproc-per-node={processes}", f"--max-restarts={restarts}", *program]
        ended = _run(command, timeout)
    if ended.returncode != 0:
        raise RuntimeError(f"{processes} processes ended with {ended.returncode}:\n{ended.stderr[-4000:]}")
    return ended


def _run(command: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
    # what the caller inherited from a launcher of its own is not for these
    own = {name: value for name, value in os.environ.items() if not name.startswith("TORCHELASTIC")}
    alike = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONUNBUFFERED": "1"}
    near = {"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}  # no name of a host to look up
    with subprocess.Popen(
        command,
        env=own | alike | near,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as agent:
        try:
            out, err = agent.communicate(timeout=timeout)
        except BaseException:  # also when the caller is interrupted: leave no process behind
            agent.terminate()  # it ends its workers
            agent.communicate()
            raise
    return subprocess.CompletedProcess(command, agent.returncode, out, err)
