"""A Dask scheduler and workers, started for a test as an instructor would start them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import course_pkg

HERE = Path(__file__).parent


@contextmanager
def cluster(
    count: int, *options: str, environment: dict[str, str] | None = None
) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """A Dask scheduler and worker processes on this machine: its address, and the processes."""
    here = str(HERE)
    package = str(Path(course_pkg.__file__).parents[1])
    path = os.pathsep.join(filter(None, [here, package, os.environ.get("PYTHONPATH", "")]))
    env = os.environ | {"PYTHONPATH": path}
    program = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [*program, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter"],
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert scheduler.stderr is not None
    address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard", "--no-nanny"]
    workers = [
        subprocess.Popen(
            [*command, *(options or ("--nthreads", "1"))],
            env=env | (environment or {}),
            cwd=here,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(count)
    ]
    try:
        yield address, workers
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()
        scheduler.stderr.close()
