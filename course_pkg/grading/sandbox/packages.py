"""Which files a sandbox shows: the allowed distributions and what they need, and parts of the course."""

import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import course_pkg

KERNEL = ("ipykernel",)  # what a kernel itself is made of
COURSE = Path(course_pkg.__file__).resolve().parent
GROUND = ("__init__.py", "_validate.py", "_layer_table.py", "arithmetic.py")  # what every part stands on
INSIDE = (
    "__init__.py",
    "chance.py",
    "isolation.py",
    "sharing.py",
    "forkserver.py",
    "kernel.py",
    "tester.py",
)  # of sandbox/


def distributions(names: Iterable[str]) -> list[metadata.Distribution]:
    """The named distributions and all that they require, each once.

    Raises
    ------
    ValueError
        If one that was named is not installed.

    Examples
    --------
    >>> [d.name for d in distributions(["packaging"])]
    ['packaging']
    """
    found: dict[str, metadata.Distribution] = {}
    waiting = [(name, True) for name in names]
    while waiting:
        name, asked_for = waiting.pop()
        key = name.lower().replace("_", "-").replace(".", "-")
        if key in found:
            continue
        try:
            found[key] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if asked_for:
                raise ValueError(f"packages: {name!r} is not installed; see limits.toml") from None
            continue
        for line in found[key].requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append((needed.name, False))
    return list(found.values())


def places(found: Iterable[metadata.Distribution]) -> list[Path]:
    """The files and folders directly below site-packages that the distributions consist of."""
    tops: set[Path] = set()
    for distribution in found:
        root = Path(str(distribution.locate_file("")))
        for file in distribution.files or []:
            first = file.parts[0]
            if first not in ("..", "__pycache__", "bin"):
                tops.add(root / first)
    return sorted(path for path in tops if path.exists())


def course_places(parts: Iterable[str]) -> list[Path]:
    """The files and folders of `course_pkg` to be seen: the ground, the named parts, the sandbox's own side.

    Raises
    ------
    ValueError
        If there is no such part.
    """
    wanted = [COURSE / name for name in GROUND]
    for part in parts:
        path = COURSE / part
        if not path.is_dir():
            raise ValueError(f"course: got {part!r}, expected the name of a folder of course_pkg")
        wanted.append(path)
    return wanted + [COURSE / "grading" / "sandbox" / name for name in INSIDE]


def every_course_part() -> list[str]:
    """The parts that the tests may see: all but the grader."""
    return sorted(p.name for p in COURSE.iterdir() if (p / "__init__.py").exists() and p.name != "grading")


def modules(found: Iterable[metadata.Distribution]) -> list[str]:
    """The names under which the distributions can be imported, private ones left out."""
    names = set()
    for distribution in found:
        for file in distribution.files or []:
            first = file.parts[0]
            if len(file.parts) == 2 and file.name == "__init__.py" and not first.startswith("_"):
                names.add(first)
    return sorted(names)


def python_places() -> list[Path]:
    """Where the interpreter and its standard library are."""
    return [
        Path(sys.base_prefix),
        *map(Path, {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}),
    ]
