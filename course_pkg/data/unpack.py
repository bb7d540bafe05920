"""Unpacking the part of an archive that is data: nothing in the archive is run, nothing leaves the folder."""

import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tqdm import tqdm


def unpack(
    archive: Path, target: Path, folder: str = "", endings: tuple[str, ...] = ("",), progress: bool = False
) -> None:
    """Unpack the regular files of one folder of an archive that have certain endings.

    Parameters
    ----------
    archive
        A .deb (read with dpkg-deb), .whl or .zip, or a .tar in any compression.
    target
        The folder to make; files keep their places below `folder`.
    folder
        The folder in the archive; "" for all.
    endings
        Endings of the files to take.
    progress
        Whether to show a bar.

    Raises
    ------
    OSError, tarfile.TarError, zipfile.BadZipFile, subprocess.CalledProcessError
        If the archive cannot be read.
    tarfile.FilterError
        If a file of a tar would lie outside the target.
    """
    target.mkdir(parents=True)

    with tqdm(unit=" files", desc=f"unpacking {archive.name}", disable=not progress) as bar:
        if archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as packed:
                for entry in packed.infolist():
                    where = None if entry.is_dir() else _place(entry.filename, folder, endings)
                    if where:
                        entry.filename = where
                        packed.extract(entry, target)  # drops "..", so that nothing leaves the target
                        bar.update()
        else:
            with _open_tar(archive) as tar:
                for member in tar:
                    where = _place(member.name, folder, endings) if member.isreg() else None
                    if where:
                        tar.extract(member.replace(name=where, deep=False), target, filter="data")
                        bar.update()


def _place(name: str, folder: str, endings: tuple[str, ...]) -> str | None:
    """Where a member of the archive goes, below the target; None if it is not wanted."""
    inside = PurePosixPath(name)
    if not inside.is_relative_to(folder) or not name.endswith(endings):
        return None
    return str(inside.relative_to(folder))


@contextmanager
def _open_tar(archive: Path) -> Iterator[tarfile.TarFile]:
    if archive.suffix != ".deb":
        with tarfile.open(archive) as tar:
            yield tar
        return
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as dpkg:
        try:
            with tarfile.open(fileobj=dpkg.stdout, mode="r|") as tar:
                yield tar
            assert dpkg.stdout is not None
            dpkg.stdout.read()  # the padding behind the last file
        except BaseException:
            dpkg.kill()
            raise
        if dpkg.wait():
            raise subprocess.CalledProcessError(dpkg.returncode, command)
