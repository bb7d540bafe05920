"""The command `python -m course_pkg data`: list the larger sets, fetch one, print where it lies."""

import sys

from course_pkg.data import registry
from course_pkg.data.fetch import fetch
from course_pkg.data.registry import SOURCES, DataUnavailable


def run(action: str, name: str | None) -> int:
    """Do what the command line asks for; the exit status.

    Parameters
    ----------
    action
        "list", "fetch" or "path".
    name
        The set, for the last two.
    """
    if action == "list":
        print(
            f"Cache: {registry.cache_folder()} (the environment variable {registry.CACHE_VARIABLE} sets it)"
        )
        for known, source in SOURCES.items():
            here = "here" if registry.available(known) else "-"
            print(f"{known:21} {here:5} {source.size / 1e6:4.0f} MB  {source.about}")
        return 0
    if name not in SOURCES:
        given = "no name" if name is None else repr(name)
        print(f"data {action}: got {given}, expected one of {', '.join(SOURCES)}", file=sys.stderr)
        return 2
    try:
        print(fetch(name) if action == "fetch" else registry.path(name))
    except DataUnavailable as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0
