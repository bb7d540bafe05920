"""The students' zip: what is in it, what is not, and an assignment done with it in an empty environment."""

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_pkg.grading.assignments import bank, bundle
from course_pkg.grading.assignments.sample_class import ASSIGNMENT

NOTEBOOK = f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
WHEEL = "course_pkg-0.1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("bundle") / "below" / "student-bundle.zip"
    assert bundle.make(out) == 0
    return out


def test_notebooks_wheel_requirements_and_nothing_else(bundled):
    with zipfile.ZipFile(bundled) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted([NOTEBOOK, WHEEL, "requirements.txt"])


def test_what_the_guide_and_the_notebook_name_is_in_the_zip(bundled):
    guide = (bundle.REPOSITORY / "book" / "guides" / "student.md").read_text(encoding="utf-8")
    commands = "\n".join(re.findall(r"```bash\n(.*?)```", guide, re.DOTALL))
    with zipfile.ZipFile(bundled) as archive:
        names = archive.namelist()
        cells = nbformat.reads(archive.read(NOTEBOOK).decode(), as_version=4).cells
    command = re.search(r"`\.venv/bin/(.*check .*)`", cells[1].source)[1]
    assert command in commands
    named = re.findall(r"[\w./-]+\.(?:txt|ipynb)\b", commands)
    assert named == ["requirements.txt", NOTEBOOK, NOTEBOOK]
    assert set(named) <= set(names)


def test_the_same_tree_gives_the_same_zip(bundled, tmp_path):
    assert bundle.make(tmp_path / "again.zip") == 0
    assert (tmp_path / "again.zip").read_bytes() == bundled.read_bytes()


def test_the_instructors_side_stays_at_home(bundled, tmp_path):
    with zipfile.ZipFile(bundled) as archive:
        archive.extractall(tmp_path)
    with zipfile.ZipFile(tmp_path / WHEEL) as wheel:
        names = wheel.namelist()
        code = "\n".join(wheel.read(name).decode() for name in names)
    assert "course_pkg/checks/part.py" in names
    assert not [name for name in names if "grading" in name or "solution" in name or "test" in name]
    everything = code + (tmp_path / NOTEBOOK).read_text(encoding="utf-8")
    # no line that only a solution or a hidden test holds
    secret = secret_lines()
    assert len(secret) > 100
    assert not [line for line in secret if line in everything]


def secret_lines() -> set[str]:
    """Lines of the source notebook that nbgrader takes out for students."""
    secret, visible = set(), set()
    for cell in bank.source_notebook(ASSIGNMENT).cells:
        inside = False
        for line in map(str.strip, cell.source.splitlines()):
            inside |= line in ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS")
            (secret if inside else visible).add(line)
            inside &= line not in ("### END SOLUTION", "### END HIDDEN TESTS")
    return {line for line in secret - visible if len(line) > 25}


def test_requirements_are_pinned_and_lean(bundled):
    with zipfile.ZipFile(bundled) as archive:
        lines = archive.read("requirements.txt").decode().splitlines()
    assert lines[1] == f"./{WHEEL}"
    assert all("==" in line for line in lines[2:])
    names = {line.partition("==")[0].lower() for line in lines[2:]}
    assert names >= {"numpy", "matplotlib", "pywavelets", "notebook", "nbclient", "ipykernel"}
    assert not names & {"torch", "nbgrader", "scipy", "pandas", "jupyter-book", "pytest"}
    ours = set((bundle.REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines())
    assert set(lines[2:]) <= ours


def test_no_assignments_no_bundle(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bundle, "REPOSITORY", tmp_path)
    assert bundle.make(tmp_path / "b.zip") == 2
    assert "make assignments" in capsys.readouterr().err
    assert not (tmp_path / "b.zip").exists()


def test_the_assignment_is_done_with_the_bundle_alone(bundled, tmp_path):
    with zipfile.ZipFile(bundled) as archive:
        archive.extractall(tmp_path)
    venv.create(tmp_path / "env", with_pip=True)
    python = str(tmp_path / "env" / "bin" / "python")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([python, *command], cwd=tmp_path, capture_output=True, text=True, timeout=600)

    installed = run(
        "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"
    )
    assert installed.returncode == 0, installed.stderr
    assert run("-c", "import torch").returncode == 1

    untouched = run("-m", "course_pkg", "check", NOTEBOOK)
    assert untouched.returncode == 1, untouched.stderr
    assert "convolve is not written yet" in untouched.stdout

    released = nbformat.read(tmp_path / NOTEBOOK, as_version=4)
    solution = next(s for s in bank.load(ASSIGNMENT, "correct") if s.name == "loops")
    nbformat.write(bank.fill(released, solution.source), tmp_path / NOTEBOOK)
    done = run("-m", "course_pkg", "check", NOTEBOOK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sys.prefix not in done.stdout
