"""The installer of system packages says what it does, and names what is missing when it may not install."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "apt_install.sh"


@pytest.fixture
def machine(tmp_path):
    """A PATH of our own: only the commands named here exist; apt-get writes down how it was called."""
    for command in ["sh", "cat", "rm", "mktemp"]:
        (tmp_path / command).symlink_to(f"/bin/{command}")

    def add(command, body):
        file = tmp_path / command
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def run(*packages):
        environment = {"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}
        return subprocess.run(
            [SCRIPT, *packages], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    return add, run, tmp_path


def test_root_installs_and_says_so(machine):
    add, run, folder = machine
    add("id", "echo 0")
    add("apt-get", f'echo "$@" >> {folder}/calls')
    result = run("chromium")
    assert result.returncode == 0
    assert "Installing the system package chromium" in result.stdout
    assert (folder / "calls").read_text().splitlines() == [
        "update",
        "install -y --no-install-recommends chromium",
    ]


def test_without_root_and_sudo_it_names_the_package_and_stops(machine):
    add, run, folder = machine
    add("id", "echo 1000")
    add("apt-get", f"touch {folder}/called")
    result = run("python3-venv")
    assert result.returncode == 1
    assert "apt-get install python3-venv" in result.stderr
    assert not (folder / "called").exists()


def test_without_apt_it_names_the_package_and_stops(machine):
    add, run, _ = machine
    add("id", "echo 0")
    result = run("chromium")
    assert result.returncode == 1
    assert "needs chromium" in result.stderr


def test_shows_what_apt_said_when_it_fails(machine):
    add, run, _ = machine
    add("id", "echo 0")
    add("apt-get", "echo 'E: no such package'; exit 100")
    result = run("nonsense")
    assert result.returncode == 1
    assert "E: no such package" in result.stderr


def test_the_shell_is_found_by_everyone():
    assert os.access(SCRIPT, os.X_OK)
