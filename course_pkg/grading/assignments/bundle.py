"""The zip that students get: notebooks, a wheel of the package, requirements, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_pkg.grading.classroom.classfolder import REPOSITORY

# what an assignment's folder may hold for students; an editor's leavings do not travel
WANTED = {".ipynb", ".npy", ".npz", ".csv", ".png"}
DATE = (2026, 1, 1, 0, 0, 0)  # every file's, so that the same tree gives the same zip
SECONDS = 1767225600  # the same date, for the wheel


def make(out: Path) -> int:
    """Make the students' zip.

    Parameters
    ----------
    out : Path
        Where to write it, for example ``_build/student-bundle.zip``.

    Returns
    -------
    int
        0 if it was made, 2 if there are no assignments to put into it.
    """
    files = {
        path.relative_to(REPOSITORY / "assignments").as_posix(): path.read_bytes()
        for path in sorted((REPOSITORY / "assignments").rglob("*"))
        if path.suffix in WANTED and ".ipynb_checkpoints" not in path.parts
    }
    if not files:
        print(f"No notebooks in {REPOSITORY / 'assignments'}; run `make assignments` first.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(Path(scratch))
        files[wheel.name] = wheel.read_bytes()
    files["requirements.txt"] = student_requirements(wheel.name).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    print(f"{out}: {len(files)} files, {out.stat().st_size / 1e6:.2f} MB")
    return 0


def build_wheel(scratch: Path) -> Path:
    """Build the students' wheel of the package, without the instructor's side, in the folder `scratch`.

    Raises
    ------
    RuntimeError
        If the build fails, with what it said.
    """
    tree = scratch / "tree"
    left_out = shutil.ignore_patterns("__pycache__", "grading", "*.egg-info")
    shutil.copytree(REPOSITORY / "course_pkg", tree / "course_pkg", ignore=left_out)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(REPOSITORY / name, tree)
    # nothing is fetched: the build needs setuptools only, which is here
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    command += ["--disable-pip-version-check", "--wheel-dir", str(scratch), str(tree)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(SECONDS)}
    build = subprocess.run(command, env=environment, capture_output=True, text=True)
    if build.returncode:
        raise RuntimeError(f"the wheel could not be built:\n{build.stdout}{build.stderr}")
    return next(scratch.glob("*.whl"))


def student_requirements(wheel: str) -> str:
    """The students' requirements.txt: the wheel, and what it needs, pinned as in the course's own."""
    pins = _pins((REPOSITORY / "requirements.txt").read_text(encoding="utf-8"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["notebooks"]
    needed = {name for name in _closure(asked) if name in pins}
    lines = [f"# pip install -r requirements.txt, in the folder that holds this file\n./{wheel}\n"]
    lines += [f"{pins[name]}\n" for name in sorted(needed)]
    return "".join(lines)


def _pins(requirements: str) -> dict[str, str]:
    """The pinned line of each package, by its canonical name.

    >>> _pins("# the book\\nPyWavelets==1.9.0\\n")
    {'pywavelets': 'PyWavelets==1.9.0'}
    """
    lines = [line.partition("#")[0].strip() for line in requirements.splitlines()]
    return {canonicalize_name(re.split(r"[=<>~!; ]", line)[0]): line for line in lines if line}


def _closure(asked: list[str]) -> set[str]:
    """Names of the packages asked for and of all that they need, as installed here."""
    found: set[str] = set()
    todo = [Requirement(text) for text in asked]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if f"{name}[{sorted(extras)}]" in found:
            continue
        found |= {name, f"{name}[{sorted(extras)}]"}
        for text in requires(name) or []:
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(need)
    return found
