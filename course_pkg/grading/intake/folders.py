"""What lies in a submission's folder: read without being led astray, and junk kept out of the way.

A submission may hold anything that an archive or a shared folder can hold: links to the solutions, pipes
that never end, a hundred thousand files. Nothing here follows a link below the folder of submissions, waits,
or reads without a bound; nothing of a student's is deleted.
"""

import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbgrader.utils import parse_utc

from course_pkg.grading.intake.skeleton import Skeleton
from course_pkg.grading.intake.submitted import MAX_BYTES, Unreadable, read_submitted

MAX_ENTRIES = 500  # files and folders; nbgrader's time to look through them grows with the square
MAX_TIMESTAMP = 200  # bytes

_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_inside(
    top: Path, parts: Sequence[str], limit: int = MAX_BYTES, not_these: Sequence[Path] = ()
) -> bytes:
    """Read a file below a folder, following no link on the way and waiting for nothing.

    Parameters
    ----------
    top : Path
        The folder; it may be reached by links itself.
    parts : sequence of str
        The names from there to the file.
    limit : int
        The most bytes that the file may have.
    not_these : sequence of Path
        Files that it must not be, by whatever name (hard links).

    Raises
    ------
    Unreadable
        If it is no file, is too large, is one of `not_these`, or cannot be read; the text says which.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "note.txt").write_bytes(b"hello")
    ...     read_inside(Path(folder), ["note.txt"])
    b'hello'
    """
    name = printable("/".join(parts))
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            _expect(part, folder, stat.S_IFDIR, name)
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        _expect(parts[-1], folder, stat.S_IFREG, name)
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        with open(file, "rb") as stream:
            facts = os.fstat(file)
            if facts.st_size > limit:
                raise Unreadable(
                    f"{name} has {facts.st_size / 1e6:.0f} MB, expected at most {limit / 1e6:.0f}"
                )
            if any(os.path.samestat(facts, other.stat()) for other in not_these):
                raise Unreadable(f"{name} is a hard link to a file of the instructor's")
            return stream.read(limit + 1)
    except OSError as error:
        raise Unreadable(f"{name} cannot be read: {error.strerror}") from None
    finally:
        os.close(folder)


def kind_of(path: Path) -> str:
    """What is there, in two words; a link is not followed.

    Examples
    --------
    >>> kind_of(Path("/")), kind_of(Path("/dev/null"))
    ('a folder', 'a device')
    """
    try:
        return _KINDS.get(stat.S_IFMT(path.lstat().st_mode), "a file")
    except OSError:
        return "nothing"


def is_student_id(name: str) -> bool:
    """Whether a folder in submitted/ can be a student's; nbgrader passes over others, or stumbles.

    Examples
    --------
    >>> [is_student_id(name) for name in ("ada", "Zoë Ünal", ".git", "two\\nlines", "ada ")]
    [True, True, False, False, False]
    """
    return name.isprintable() and name.strip() == name and not name.startswith(".")


def printable(name: str) -> str:
    """A file's name as it can stand in a log or on a page: in one line, and at most 100 characters long.

    Examples
    --------
    >>> printable("Übung 1.ipynb"), printable("two\\nlines")
    ('Übung 1.ipynb', 'two\\\\nlines')
    """
    shown = name if name.isprintable() else ascii(name)[1:-1]
    return shown if len(shown) <= 100 else f"{shown[:99]}…"


def in_the_way(folder: Path, keep: set[str]) -> tuple[list[Path], str]:
    """What has to leave a submission's folder before nbgrader looks through it, and why.

    Parameters
    ----------
    folder : Path
        The submission's.
    keep : set of str
        Names in it that stay whatever happens: the notebooks.

    Returns
    -------
    paths : list of Path
        Mostly empty. Everything but the notebooks where there are too many files; a timestamp.txt that
        nbgrader cannot read.
    why : str
    """
    if sum(1 for _ in _entries(folder, MAX_ENTRIES + 1)) > MAX_ENTRIES:
        others = [Path(entry) for entry in os.scandir(folder) if entry.name not in keep]
        return others, f"more than {MAX_ENTRIES} files"
    timestamp = folder / "timestamp.txt"
    if not os.path.lexists(timestamp):
        return [], ""
    try:
        text = read_inside(folder, ["timestamp.txt"], MAX_TIMESTAMP).decode().strip()
        if text:
            parse_utc(text)
    except (Unreadable, ValueError, OverflowError) as error:
        return [timestamp], f"no time that can be read ({type(error).__name__})"
    return [], ""


def set_aside(paths: Sequence[Path], place: Path) -> None:
    """Move files and folders out of a submission, into a folder made for them.

    Raises
    ------
    OSError
        If one cannot be moved.
    """
    place.mkdir(parents=True, exist_ok=True)
    for path in paths:
        names = (f"{path.name}-{n}" if n else path.name for n in itertools.count())
        path.rename(next(target for name in names if not os.path.lexists(target := place / name)))


def stand_ins(folder: Path, missing: dict[str, Skeleton]) -> dict[str, list[Path]]:
    """Files that could be a notebook under another name ("copy of a1.ipynb", "a1.ipynb.txt", in a subfolder).

    Parameters
    ----------
    folder : Path
        The submission's.
    missing : dict
        The skeletons of the notebooks that are not there, by name.

    Returns
    -------
    dict
        For each missing notebook the files that hold at least half of its cells.
    """
    found: dict[str, list[Path]] = {name: [] for name in missing}
    for path in _entries(folder, MAX_ENTRIES):
        if ".ipynb" not in path.name.casefold() or ".ipynb_checkpoints" in path.parts:
            continue
        try:
            data = read_inside(folder, path.relative_to(folder).parts)
            _, cells = read_submitted(data, [])
        except Unreadable:
            continue
        names = {(cell.claims or {}).get("grade_id") for cell in cells if _has_name(cell.claims)}
        for name, skeleton in missing.items():
            if len(names & set(skeleton.cells)) * 2 >= len(skeleton.cells):
                found[name].append(path)
    return found


def _has_name(claims: dict[str, object] | None) -> bool:
    return isinstance((claims or {}).get("grade_id"), str)


def _expect(part: str, folder: int, kind: int, name: str) -> None:
    mode = stat.S_IFMT(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode)
    if mode != kind:
        expected = "file" if kind == stat.S_IFREG else "folder"
        what = name if kind == stat.S_IFREG else f"{printable(part)}, on the way to {name},"
        raise Unreadable(f"{what} is {_KINDS.get(mode, 'a file')}, expected a {expected}")


def _entries(folder: Path, limit: int) -> Iterator[Path]:
    """At most `limit` files and folders below a folder, breadth first, links not followed."""
    todo, seen = [folder], 0
    while todo:
        try:
            listing = sorted(os.scandir(todo.pop(0)), key=lambda entry: entry.name)
        except OSError:  # a folder that nobody may look into, or whose path is too long: nothing to be had
            continue
        for entry in listing:
            if seen == limit:
                return
            seen += 1
            yield Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                todo.append(Path(entry.path))
