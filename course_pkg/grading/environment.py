"""The processes that nbgrader and we start belong to this Python, whatever PATH says."""

import os
import sys
from pathlib import Path


def use_this_environment() -> None:
    """Let nbgrader find `alembic` and the kernels of the Python that runs us, whatever PATH says."""
    here = str(Path(sys.executable).parent)
    if here not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + os.environ["PATH"]
    # several notebooks run at a time: one thread each, or they wait for one another
    os.environ.setdefault("OMP_NUM_THREADS", "1")
