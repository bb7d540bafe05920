"""A PostgreSQL server of the tests' own, on a socket in a folder of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def _program(name: str) -> str:
    """Where Debian and others put PostgreSQL's programs; the newest, if there are several."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(found[-1]) if found else shutil.which(name)
    assert program is not None, f"PostgreSQL's {name} is missing: tools/apt_install.sh postgresql"
    return program


@contextmanager
def postgres() -> Iterator[str]:
    """A server while the block runs; gives the URL of its database, to which a name can be added."""
    initdb, server, create = (_program(name) for name in ("initdb", "postgres", "createdb"))
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: it holds a socket
    user = _ordinary_user(folder)
    data = str(folder / "data")
    subprocess.run(
        [initdb, "-D", data, "-U", "grader", "--auth", "trust", "--encoding", "UTF8", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **user,
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([server, "-D", data, *options], stderr=log, cwd=folder, **user)
    try:
        while subprocess.run(
            [create, "--host", str(folder), "--username", "grader", "grades"],
            stderr=subprocess.DEVNULL,
            cwd=folder,
        ).returncode:
            assert process.poll() is None, (folder / "log").read_text()
        yield f"postgresql+psycopg://grader@/grades?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)  # at once, whoever is still connected
        process.wait()
        shutil.rmtree(folder)


def _ordinary_user(folder: Path) -> dict[str, Any]:
    """Whom to run the server as: it refuses root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
