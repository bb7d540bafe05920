"""What stock nbgrader does with the same files: each case in a class of its own, before an honest student.

Stock nbgrader runs students' code as whoever grades. To find out what that does without doing it to this
machine, each class is graded in an outer bubblewrap, without network, with a copy of everything that may be
written, by a user who may have few processes, with limits on memory, files and time. What would go through
all that is not tried.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from course_pkg.grading.assignments import bank
from tests.grading.hostile import corpus, judge, run
from tests.grading.hostile import world as worlds
from tests.grading.hostile.corpus import ASSIGNMENT, Case
from tests.grading.hostile.world import World

RESULTS = Path(__file__).parent / "stock.json"
OTHER = "zoe"  # the honest student: graded after every case
PATIENCE = 120  # seconds for a step: a sound case takes 10 on a quiet machine
SOMEBODY = "65533"  # who grades, where root would be exempt from limits
LIMITS = ["--as=4000000000", "--fsize=2000000000", "--core=0", "--nproc=200"]
BOX = "bwrap --unshare-pid --unshare-net --unshare-ipc --unshare-uts --die-with-parent --new-session"
BOX += " --ro-bind / / --proc /proc --dev /dev"
CONFIG = '''"""nbgrader as it comes, with the folders of this class."""

c = get_config()  # nbgrader defines it
c.CourseDirectory.root = {room!r}
c.CourseDirectory.source_directory = {source!r}
c.CourseDirectory.db_url = "sqlite:///{room}/gradebook.db"
c.ClearSolutions.code_stub = {{"python": "# your code here\\nraise NotImplementedError"}}
c.ClearSolutions.text_stub = "*Your answer here.*"
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 10
c.Execute.interrupt_on_timeout = True
c.FileNameCollectorPlugin.named_regexp = r".*/(?P<student_id>\\w+)/(?:.*/)?(?P<file_id>[^/]+)$"
'''


def measure(cases: list[Case], workers: int = 2) -> Iterator[tuple[str, list[str]]]:
    """Grade every case with stock nbgrader.

    Parameters
    ----------
    cases : list of Case
    workers : int
        How many at a time.

    Yields
    ------
    str, list of str
        A case's name, and what stock nbgrader lets happen, in words; empty if it survives.

    Raises
    ------
    RuntimeError
        If a case could not be tried.
    """
    with tempfile.TemporaryDirectory(prefix="hs") as folder, ThreadPoolExecutor(workers) as pool:
        template = Path(folder)
        template.chmod(0o755)
        _prepare(template)
        yield from pool.map(lambda case: (case.name, _enclosed(case, template)), cases)


def read() -> dict[str, list[str]]:
    """What was measured so far; empty if nothing was."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))["cases"]) if RESULTS.exists() else {}


def write(found: dict[str, list[str]]) -> None:
    """Keep what was measured, beside the version of nbgrader that it was measured with."""
    content = {"nbgrader": version("nbgrader"), "cases": dict(sorted(found.items()))}
    RESULTS.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _prepare(template: Path) -> None:
    """A gradebook that knows the assignment: the same for every case."""
    world = worlds.build(template / "w", [], [OTHER], 0)
    _configure(world)
    generate = [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--create", "--force"]
    run.command(world, generate)
    shutil.copy(world.room / "gradebook.db", template / "gradebook.db")


def _configure(world: World) -> None:
    text = CONFIG.format(room=str(world.room), source=str(world.folder / "source"))
    (world.room / "nbgrader_config.py").write_text(text, encoding="utf-8")


def _enclosed(case: Case, template: Path) -> list[str]:
    why = case.facts.get("stock", "")
    if why.startswith("not tried"):
        return [why]
    room = ["--size", "1500000000", "--perms", "1777", "--tmpfs"]
    own, become = ["--unshare-user"], []
    if os.getuid() == 0:
        own = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        own += ["--perms", "0755", "--tmpfs", "/root"]
        for folder in reversed(Path(sys.base_prefix).parents[:-1]):
            own += ["--perms", "0755", "--dir", str(folder)]
        own += ["--ro-bind", sys.base_prefix, sys.base_prefix]
        become = ["setpriv", "--reuid", SOMEBODY, "--regid", SOMEBODY, "--clear-groups"]
    command = [
        *BOX.split(),
        *own,
        *[*room, "/tmp", *room, "/dev/shm", *room, "/var/tmp", *room, "/run"],
        *["--ro-bind", str(template), "/tmp/template", "--chdir", str(bank.ROOT), "--"],
        *[*become, "prlimit", *LIMITS, sys.executable, "-B", "-m", "tests.grading.hostile.stock", case.name],
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=3 * PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return ["batch never ends"]
    said = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode == 0 and said:
        return list(json.loads(said[-1]))
    if done.returncode in (-9, 137):
        return ["batch aborted: others lose their grades"]
    raise RuntimeError(f"{case.name} could not be tried: {done.stderr.decode(errors='replace')[-2000:]}")


def inside(case: Case) -> list[str]:
    """Grade one case, in the outer sandbox, and say what came of it."""
    with worlds.services(Path("/tmp/w"), [case], [OTHER]) as world:
        shutil.copy("/tmp/template/gradebook.db", world.room / "gradebook.db")
        _configure(world)
        nbgrader = [sys.executable, "-m", "nbgrader"]
        words: list[str] = []
        if (world.room / "downloaded").exists():
            run.command(world, [*nbgrader, "zip_collect", ASSIGNMENT, "--force"])
        before = world.print_of_what_stays()
        with run.orphans() as left:
            try:
                said = run.command(world, [*nbgrader, "autograde", ASSIGNMENT], PATIENCE)
                if not (world.room / "nbgrader_config.py").exists():
                    return ["gradebook destroyed", "file written"]  # nothing is left to look at
                if case.group in ("files", "leaks", "pages"):  # what they want is on the page
                    pages = ["generate_feedback", ASSIGNMENT, "--student", case.student]
                    said += run.command(world, [*nbgrader, *pages], PATIENCE)
                print(said[-20_000:], file=sys.stderr)
            except subprocess.TimeoutExpired:
                words.append("batch never ends")
        words += _grades(case, world)
        words += ["processes left behind"] if left else []
        words += ["file written"] if run.changes(world, before) else []
        words += ["network reached"] if world.heard else []
        return list(dict.fromkeys(words))


def _grades(case: Case, world: World) -> list[str]:
    try:
        graded = judge.read(world.room, "")
    except sqlite3.Error:
        return ["gradebook destroyed"]
    words = []
    if judge.scores(graded, OTHER) != worlds.honest_scores()[OTHER]:
        words.append("batch aborted: others lose their grades")
    if any(grade.manual is not None for grades in graded.grades.values() for grade in grades.values()):
        words.append("gradebook written")
    given, most = judge.scores(graded, case.student), worlds.points()
    cheated = [part for part in most if part in case.loses and given[part]]
    if cheated or (not case.graded and any(given.values())):
        words.append("marks without work")
    kept = [part for part in most if part not in case.loses and not case.free(part)]
    if case.graded and any(given[part] is None for part in most):
        words.append("parts left without a score")
    elif case.graded and any(given[part] != most[part] for part in kept):
        words.append("honest parts lose their marks")
    shown = judge.leaks(case, graded, world)
    words += ["secret read"] if any("secret" in line or "got through" in line for line in shown) else []
    words += ["hidden tests shown"] if any("hidden" in line for line in shown) else []
    page = graded.page(case.student) or ""
    words += (
        ["page runs the student's script"] if re.search(r"document\.title = |onerror=['\"]?\w", page) else []
    )
    return words


if __name__ == "__main__":
    [chosen] = corpus.load(sys.argv[1])
    print("\n" + json.dumps(inside(chosen)))
