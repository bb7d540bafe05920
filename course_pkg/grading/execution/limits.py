"""What a submission may use while it is graded, read from `limits.toml` beside the instructor's notebooks."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

FILE = "limits.toml"


@dataclass(frozen=True)
class Limits:
    """Allowed packages and the most that a submission may use.

    Attributes
    ----------
    packages : tuple of str
        Distributions that the student's code can import; what they need comes along.
    course : tuple of str
        The parts of `course_pkg` that it can import.
    test_packages : tuple of str
        Distributions that the test cells can import, beside all of `course_pkg`.
    memory, scratch, output : float
        Megabytes: of memory, beyond what the kernel starts with; of files; of output of one cell.
    files, processes : int
        How many files it can make, and how many processes and threads run at a time.
    cell, call, tests, total : float
        Seconds: for a cell, for one call by a test, for a test cell, for the whole submission.
    """

    packages: tuple[str, ...] = ("numpy", "matplotlib")
    course: tuple[str, ...] = ("checks",)
    test_packages: tuple[str, ...] = ("numpy",)
    memory: float = 1500
    scratch: float = 64
    files: int = 2000
    processes: int = 64
    cell: float = 30
    call: float = 10
    tests: float = 60
    total: float = 300
    output: float = 1


def load(source: Path, assignment: str) -> Limits:
    """The limits of one assignment.

    Parameters
    ----------
    source : Path
        The folder with the instructor's notebooks; without a `limits.toml` in it the defaults hold.
    assignment : str
        The assignment's name.

    Raises
    ------
    ValueError
        If the file is damaged, or names a limit that does not exist or a value that cannot be.
    """
    path = source / FILE
    if not path.exists():
        return Limits()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    known = {field.name for field in fields(Limits)}
    given: dict[str, Any] = {**tables.get("default", {}), **tables.get(assignment, {})}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{path}: got the limit {name!r}, expected one of {', '.join(sorted(known))}")
        _check(path, name, value)
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    return Limits(**values)


def _check(path: Path, name: str, value: object) -> None:
    wanted = getattr(Limits, name)
    if isinstance(wanted, tuple):
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        expected = "a list of names"
    else:
        whole = isinstance(wanted, int) and name in ("files", "processes")
        fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool) and value > 0
        expected = "a whole number above 0" if whole else "a number above 0"
    if not fits:
        raise ValueError(f"{path}: {name} is {value!r}, expected {expected}")
