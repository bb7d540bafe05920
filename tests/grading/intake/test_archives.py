"""Archives that students hand in, some of them built to do harm."""

import gzip
import io
import os
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile

import pytest

from course_pkg.grading.intake.archives import Bounds, RefusedError, unpack

NOTEBOOK = b'{"cells": []}'


def zipped(path, files=(), links=()):
    """A zip file of (name, content) pairs, and of links as Info-ZIP stores them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        for name, target in links:
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return path


def tarred(path, files=(), others=(), mode="w:gz"):
    """A tar file of (name, content) pairs, and of other members by their type and target."""
    with tarfile.open(path, mode) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, kind, target in others:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return path


def files_in(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def into(tmp_path):
    """Where archives are unpacked; what must not be touched lies beside it."""
    (tmp_path / "outside.txt").write_text("mine")
    return tmp_path / "into" / "eve"


def nothing_outside(tmp_path, into):
    others = {
        str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file() and into not in p.parents
    }
    return (
        others - {"a.zip", "a.tar.gz"} == {"outside.txt"} and (tmp_path / "outside.txt").read_text() == "mine"
    )


@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_sound_archive(tmp_path, into, make):
    path = make(tmp_path / "a.zip", [("a1/a1.ipynb", NOTEBOOK), ("a1/data/x.csv", b"1,2"), ("é.txt", b"")])
    assert unpack(path, into) == []
    assert files_in(into) == {"a1/a1.ipynb": NOTEBOOK, "a1/data/x.csv": b"1,2", "é.txt": b""}


def test_a_plain_tar(tmp_path, into):
    path = tarred(tmp_path / "a.zip", [("a1.ipynb", NOTEBOOK)], mode="w")
    assert unpack(path, into) == []
    assert files_in(into) == {"a1.ipynb": NOTEBOOK}


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "a/../../../outside.txt",
        "/tmp/outside.txt",
        "..\\outside.txt",
        "C:\\outside.txt",
        "C:/outside.txt",
        "new\nline",
        "\x1b[31mred",
        "x" * 250,
        "/".join("d" * 30) + "/deep",
    ],
    ids=lambda name: ascii(name[:12]),
)
def test_names_that_lead_astray_are_left_out(tmp_path, into, make, name):
    path = make(tmp_path / "a.zip", [(name, b"evil"), ("a1.ipynb", NOTEBOOK)])
    [line] = unpack(path, into)
    assert line.endswith("and is left out")
    assert "\n" not in line
    assert files_in(into) == {"a1.ipynb": NOTEBOOK}
    assert nothing_outside(tmp_path, into)


def test_windows_separators_are_folders(tmp_path, into):
    assert unpack(zipped(tmp_path / "a.zip", [("a1\\a1.ipynb", NOTEBOOK)]), into) == []
    assert files_in(into) == {"a1/a1.ipynb": NOTEBOOK}


def test_links_in_a_zip_are_left_out(tmp_path, into):
    path = zipped(
        tmp_path / "a.zip",
        [("a1.ipynb", NOTEBOOK)],
        [("key.ipynb", "../../outside.txt"), ("out", "/")],
    )
    assert [line.split(" ", 1)[1] for line in unpack(path, into)] == ["is a link, and is left out"] * 2
    assert files_in(into) == {"a1.ipynb": NOTEBOOK}
    assert sorted(os.listdir(into)) == ["a1.ipynb"]


def test_a_file_written_through_a_link_stays_inside(tmp_path, into):
    # first a link to a folder outside, then a file "in" it
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("out")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, str(tmp_path))
        archive.writestr("out/outside.txt", "evil")
    assert len(unpack(path, into)) == 1
    assert files_in(into) == {"out/outside.txt": b"evil"}
    assert nothing_outside(tmp_path, into)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a device"),
    ],
)
def test_links_and_devices_in_a_tar_are_left_out(tmp_path, into, kind, word):
    path = tarred(tmp_path / "a.zip", [("a1.ipynb", NOTEBOOK)], [("odd", kind, "../../outside.txt")])
    assert unpack(path, into) == [f"'odd' is {word}, and is left out"]
    assert sorted(os.listdir(into)) == ["a1.ipynb"]


def test_what_is_there_already_stays(tmp_path, into):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(
            tmp_path / "a.zip",
            [
                ("a1.ipynb", NOTEBOOK),
                ("a1.ipynb", b"other"),
                ("a1.ipynb/x", b"other"),
                ("d/x", b""),
                ("d", b""),
            ],
        )
    assert [line.split()[1:4] for line in unpack(path, into)] == [["is", "there", "twice,"]] * 3
    assert files_in(into) == {"a1.ipynb": NOTEBOOK, "d/x": b""}


def test_modes_are_not_taken_over(tmp_path, into):
    path = tmp_path / "a.zip"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("tool")
        info.mode, info.uid = 0o6777, 12345
        archive.addfile(info)
    unpack(path, into)
    facts = (into / "tool").stat()
    assert stat.S_IMODE(facts.st_mode) & 0o7111 == 0
    assert facts.st_uid == os.getuid()


def test_an_archive_in_an_archive_is_not_opened(tmp_path, into):
    inner = zipped(tmp_path / "inner.zip", [("a1.ipynb", NOTEBOOK)]).read_bytes()
    [line] = unpack(zipped(tmp_path / "a.zip", [("inner.zip", inner)]), into)
    assert line == "'inner.zip' is an archive itself, and is not opened"
    assert files_in(into) == {"inner.zip": inner}


# bombs


def refused(path, into, bounds=None):
    with pytest.raises(RefusedError) as caught:
        unpack(path, into, bounds)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("make", [zipped, tarred])
def test_too_many_bytes_for_its_size(tmp_path, into, make):
    path = make(tmp_path / "a.zip", [("zeros", bytes(50_000_000))])
    assert "would become more than" in refused(path, into)
    assert sum(len(content) for content in files_in(into).values()) == 0


@pytest.mark.parametrize("make", [zipped, tarred])
def test_too_many_bytes_altogether(tmp_path, into, make):
    noise = os.urandom(400_000)
    path = make(tmp_path / "a.zip", [(f"{n}", noise) for n in range(10)])
    assert "would become more than 2 MB" in refused(path, into, Bounds(size=2_000_000))
    assert unpack(path, tmp_path / "roomy", Bounds(size=4_000_000)) == []


@pytest.mark.parametrize("make", [zipped, tarred])
def test_too_many_files(tmp_path, into, make):
    path = make(tmp_path / "a.zip", [(f"{n}", b"") for n in range(21)])
    assert refused(path, into, Bounds(files=20)) == "holds more than 20 files"
    assert unpack(path, tmp_path / "roomy", Bounds(files=21)) == []


def test_a_table_of_contents_that_would_fill_the_memory(tmp_path, into):
    path = zipped(tmp_path / "a.zip", [(f"{n}" * 40, b"") for n in range(100)])
    assert refused(path, into, Bounds(files=10)) == "holds more than 10 files"
    assert not into.exists() or not os.listdir(into)


def test_a_zip_that_lies_about_its_sizes(tmp_path, into):
    path = zipped(tmp_path / "a.zip", [("zeros", bytes(30_000_000))])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    refused(path, into)
    assert sum(len(content) for content in files_in(into).values()) <= 1_000_000


def test_a_header_that_would_fill_the_memory(tmp_path, into):
    # a long name of a gigabyte, in a megabyte of gzip
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1_000_000_000
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(info.tobuf())
        for _ in range(1000):
            stream.write(bytes(1_000_000))
    program = (
        "import resource, sys; from pathlib import Path;"
        "from course_pkg.grading.intake.archives import unpack;"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30));"
        "unpack(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    ran = subprocess.run([sys.executable, "-c", program, path, into], capture_output=True, text=True)
    assert ran.stderr.splitlines()[-1].startswith("course_pkg.grading.intake.archives.RefusedError: has ")


# damage


def locked(path):
    zipped(path, [("a1.ipynb", NOTEBOOK)])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def cut(path):
    zipped(path, [("a1.ipynb", os.urandom(5000))])
    path.write_bytes(path.read_bytes()[:2000])


def flipped(path):
    zipped(path, [("a1.ipynb", os.urandom(5000))])
    data = bytearray(path.read_bytes())
    data[2000] ^= 255
    path.write_bytes(data)


def cut_tar(path):
    tarred(path, [("a1.ipynb", os.urandom(50_000))])
    path.write_bytes(path.read_bytes()[:20_000])


def unknown_method(path):
    zipped(path, [("a1.ipynb", NOTEBOOK)])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 8] = 99
    data[data.index(b"PK\x01\x02") + 10] = 99
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (locked, "locked with a password"),
        (cut, "damaged or no archive"),
        (flipped, "damaged or no archive"),
        (cut_tar, "damaged or no archive"),
        (unknown_method, "damaged or no archive"),
        (lambda path: path.touch(), "damaged or no archive"),
        (lambda path: path.write_bytes(b"PK\x05\x06"), "damaged or no archive"),
        (lambda path: path.write_bytes(gzip.compress(NOTEBOOK)), "damaged or no archive"),
        (lambda path: path.write_bytes(b"Rar!\x1a\x07\x00"), "damaged or no archive"),
        (lambda path: path.write_bytes(os.urandom(10_000)), "damaged or no archive"),
    ],
)
def test_what_cannot_be_opened_says_so(tmp_path, into, spoil, reason):
    spoil(tmp_path / "a.zip")
    assert reason in refused(tmp_path / "a.zip", into)
    assert files_in(into) == {}
