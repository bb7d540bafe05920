"""The long experiments by name: `python -m course_pkg train NAME`."""

import sys
from collections.abc import Callable
from pathlib import Path

from course_pkg.training import mnist1d

EXPERIMENTS: dict[str, Callable[[str | Path], None]] = {"mnist1d": mnist1d.run_experiment}


def run(name: str, out: str | Path) -> int:
    """Run one experiment in full and store its results.

    Parameters
    ----------
    name
        Which experiment.
    out
        Folder for its results.

    Returns
    -------
    int
        Exit status of the command line: 0, or 2 for a name that does not exist.

    Examples
    --------
    >>> run("imagenet", "book/results")
    2
    """
    if name not in EXPERIMENTS:
        print(f"no experiment {name!r}; there are: {', '.join(EXPERIMENTS)}", file=sys.stderr)
        return 2
    EXPERIMENTS[name](out)
    return 0
