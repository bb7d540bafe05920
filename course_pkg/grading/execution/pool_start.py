"""The process that the pool's workers are forked from; on little but the standard library, to be at once."""

from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext

from course_pkg.grading.environment import use_this_environment

WORK = "course_pkg.grading.execution.execute"


def context() -> ForkServerContext:
    """Where workers are started: all of them, also those that take a dead one's place, have the imports
    done, which are seconds each."""
    found = get_context("forkserver")
    found.set_forkserver_preload([WORK])
    return found


def begin() -> None:
    """Have the imports done beside our own. Without it they begin with the first worker."""
    use_this_environment()  # it is handed down as it is now
    context()
    forkserver.ensure_running()
