"""Take plain files out of zip and tar files that nobody vouches for.

Nothing leaves the folder that it belongs to, nothing but plain files comes out, and no archive takes more
room than it may. Files are written here and not by `extractall`, so that the bounds hold for what really
comes out and not for what an archive says about itself.
"""

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

ARCHIVES = [".zip", ".gz", ".tgz", ".tar"]
_CHUNK = 1 << 16
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
)


class RefusedError(ValueError):
    """An archive that is not opened; its text says why, in one line for the instructor."""


@dataclass(frozen=True)
class Bounds:
    """How much may come out of one archive.

    Attributes
    ----------
    files : int
        Entries, folders included.
    size : int
        Bytes of all files together.
    ratio : int
        Bytes that come out for each byte of the archive, as soon as it is more than a megabyte.
    """

    files: int = 2_000
    size: int = 200_000_000
    ratio: int = 200


@dataclass(frozen=True)
class Entry:
    """One thing in an archive: name and size as the archive says, and the content if it is a file."""

    name: str
    size: int
    content: Callable[[], IO[bytes]] | None
    kind: str = "file"


def unpack(archive: Path, into: Path, bounds: Bounds | None = None) -> list[str]:
    """Take the plain files out of an archive.

    Parameters
    ----------
    archive : Path
        A zip file, a tar file, or one that gzip made of a tar file, whatever it is called.
    into : Path
        A folder, which is made if need be. A file that is there already stays as it is.
    bounds : Bounds, optional

    Returns
    -------
    list of str
        What was left out and why, a line each.

    Raises
    ------
    RefusedError
        If it is damaged, locked or too large. What came out of it before that was found is in `into`.
    """
    bounds = bounds or Bounds()
    packed = archive.stat().st_size
    allowed = min(bounds.size, max(packed * bounds.ratio, 1_000_000))
    count, written, announced = 0, 0, 0
    left_out = []
    into.mkdir(parents=True, exist_ok=True)
    try:
        for entry in _entries(archive, bounds, allowed):
            count, announced = count + 1, announced + entry.size
            if count > bounds.files:
                raise RefusedError(f"holds more than {bounds.files} files")
            if announced > allowed:
                raise RefusedError(_too_large(packed, allowed))
            problem = _unsafe(entry)
            if problem is None and entry.content is not None:
                try:
                    written += _write(entry.content(), into / _path(entry.name), allowed - written)
                except FileExistsError:
                    problem = "is there twice"
            if problem is not None:
                left_out.append(f"{entry.name[:80]!a} {problem}, and is left out")
            elif Path(entry.name).suffix in ARCHIVES:
                left_out.append(f"{entry.name[:80]!a} is an archive itself, and is not opened")
    except _FullError:
        raise RefusedError(_too_large(packed, allowed)) from None
    except RefusedError:
        raise
    except _DAMAGE as error:
        raise RefusedError(f"is damaged or no archive ({_reason(error)})") from None
    return left_out


class _FullError(Exception):
    """More came out of a file than is allowed."""


class _Bounded(io.RawIOBase):
    """A stream that ends with an error once too much was read from it."""

    def __init__(self, stream: io.BufferedIOBase, limit: int) -> None:
        self._stream, self._left = stream, limit

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            size = self._left + 1
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _FullError
        return data


def _entries(archive: Path, bounds: Bounds, allowed: int) -> Iterator[Entry]:
    if zipfile.is_zipfile(archive):
        if _directory_size(archive) > 1000 * bounds.files:
            raise RefusedError(f"holds more than {bounds.files} files")
        with zipfile.ZipFile(archive) as zipped:
            yield from _zip_entries(zipped)
        return
    with archive.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream: io.BufferedIOBase = gzip.GzipFile(fileobj=raw) if packed else raw
        # headers take room, too: a kilobyte for each file and as much again for long names
        with tarfile.open(fileobj=_Bounded(stream, 2 * allowed + 10_000_000), mode="r|") as tar:
            for member in tar:
                yield _tar_entry(tar, member)


def _directory_size(archive: Path) -> int:
    """How many bytes a zip file's table of contents has; zipfile would read it all."""
    with archive.open("rb") as stream:
        stream.seek(max(0, archive.stat().st_size - 65_557))  # the last record, and the longest comment
        tail = stream.read()
    return int.from_bytes(tail[(at := tail.rfind(b"PK\x05\x06")) + 12 : at + 16], "little")


def _zip_entries(zipped: zipfile.ZipFile) -> Iterator[Entry]:
    for info in zipped.infolist():
        mode = info.external_attr >> 16
        if info.flag_bits & 1:
            raise RefusedError("is locked with a password")
        if info.is_dir():
            yield Entry(info.filename, 0, None)
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            yield Entry(info.filename, 0, None, "a link" if stat.S_ISLNK(mode) else "a device")
        else:
            yield Entry(info.filename, info.file_size, partial(zipped.open, info))


def _tar_entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    if member.isdir():
        return Entry(member.name, 0, None)
    if not member.isreg():
        kind = "a link" if member.islnk() or member.issym() else "a device"
        return Entry(member.name, member.size, None, kind)
    return Entry(member.name, member.size, lambda: tar.extractfile(member) or io.BytesIO())


def _unsafe(entry: Entry) -> str | None:
    """What is wrong with an entry; None if nothing is."""
    if entry.kind != "file":
        return f"is {entry.kind}"
    return unsafe_name(entry.name)


def unsafe_name(name: str) -> str | None:
    """What is wrong with the name of a file that is to be made below some folder; None if nothing is.

    Examples
    --------
    >>> unsafe_name("a1/a1.ipynb")
    >>> unsafe_name("../a1.ipynb")
    'leads out of its folder'
    """
    path = _path(name)
    if not path.parts:
        return "has no name"
    if path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":"):
        return "leads out of its folder"
    if not name.isprintable():
        return "has characters that no file's name should have"
    if len(path.parts) > 20 or any(len(part.encode()) > 200 for part in path.parts):
        return "has too long a name"
    return None


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))  # some programs write Windows' separators


def _write(source: IO[bytes], path: Path, limit: int) -> int:
    """Copy a stream into a new file; its size. What was written is removed if that fails."""
    with source:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            target = path.open("xb")
        except NotADirectoryError:
            raise FileExistsError from None
        size = 0
        try:
            with target:
                while chunk := source.read(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise _FullError
                    target.write(chunk)
        except BaseException:
            path.unlink()
            raise
    return size


def _too_large(packed: int, allowed: int) -> str:
    return f"has {packed / 1e6:.2g} MB and would become more than {allowed / 1e6:.3g} MB"


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__
