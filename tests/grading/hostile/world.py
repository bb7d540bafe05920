"""The world in which the corpus is graded: a class, a home folder, services, and secrets in each of them."""

import json
import os
import secrets
import shutil
import socket
import sys
import threading
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from course_pkg.grading.assignments import bank
from course_pkg.grading.fingerprints import fingerprint
from tests.grading.hostile import corpus
from tests.grading.hostile.corpus import ASSIGNMENT, FILE, Case

NEIGHBOUR = "fiona"
COLLECTED = "mateo"  # hands in an archive, as all would where the university's system collects
# student -> the solution of the bank, and the mistakes in it; their ids fall between those of the cases
HONEST = {
    "amira": ("windows", ()),
    NEIGHBOUR: ("fourier", ()),
    "ines": ("rolls", ("convolve_not_flipped", "slope_sign")),
    COLLECTED: ("rolls", ()),
    "ryo": ("composed", ("pad_end_repeated", "challenge_parts_as_they_are")),
    "zoe": ("windows", ("crop_late_for_even",)),
}
# long enough for sound cells on a busy machine, short enough for all that never ends
LIMITS = """\
[default]
memory = 800
scratch = 32
files = 1000
processes = 48
cell = 8
call = 3
tests = 20
total = 120
"""
CONFIG = '''"""Settings of nbgrader for this class: the course's own, with the folders in this one."""

from pathlib import Path

here = Path(__file__).resolve().parent
c = get_config()  # nbgrader defines it
load_subconfig("nbgrader_config.py", path={repository!r})
c.CourseDirectory.root = str(here)
c.CourseDirectory.source_directory = str(here.parent / "source")
c.CourseDirectory.release_directory = "release"
c.ZipCollectApp.downloaded_directory = "downloaded"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.db_url = f"sqlite:///{{here}}/gradebook.db?timeout=60"
c.FileNameCollectorPlugin.named_regexp = r".*/(?P<student_id>\\w+)/(?:.*/)?(?P<file_id>[^/]+)$"
'''


@dataclass(frozen=True)
class World:
    """Where everything is, and the words that cases are told.

    Attributes
    ----------
    folder : Path
        Holds class/, source/ (the instructor's notebooks) and home/.
    token : str
        A name that nothing else on this machine has.
    words : dict
        What stands in cases between @ signs: class, source, home (paths), port (of a service that listens on
        127.0.0.1, over TCP and UDP), token, won (printed by a case that got through), neighbour (a student),
        me (the case's own student).
    canaries : dict
        The secrets, by where they lie: hidden (tests), environment, gradebook, home, neighbour, service.
    heard : list
        What the services were told.
    """

    folder: Path
    token: str
    words: dict[str, str]
    canaries: dict[str, str]
    heard: list[str] = field(default_factory=list)

    @property
    def room(self) -> Path:
        """The class folder."""
        return self.folder / "class"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def print_of_what_stays(self) -> dict[str, str]:
        """Fingerprints of what grading has no business to change: the home, the tests, the submissions."""
        places = [self.home / ".ssh", self.home / ".ipython", self.folder / "source"]
        places += [self.room / "roster.csv", self.room / "nbgrader_config.py"]
        notebooks = [path for path in (self.room / "submitted").glob("*/*/*.ipynb") if path.is_file()]
        return {str(path.relative_to(self.folder)): fingerprint([path]) for path in [*places, *notebooks]}

    def environment(self) -> dict[str, str]:
        """The environment in which the class is graded: with a secret in it, and a home of its own."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        here = str(Path(sys.executable).parent)  # where nbgrader finds alembic
        return os.environ | {
            "HOME": str(self.home),
            "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(self.folder / "tmp"),
            "COURSE_DATABASE_PASSWORD": self.canaries["environment"],
            "OMP_NUM_THREADS": "1",
            "IPYTHONDIR": str(self.home / ".ipython"),
            "JUPYTER_CONFIG_DIR": str(self.home / ".jupyter"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def build(folder: Path, cases: list[Case], honest: Collection[str], port: int) -> World:
    """Set up a class that holds the cases and these of the honest students, ready to be graded."""
    token = f"hostile-{secrets.token_hex(4)}"
    places = ("hidden", "environment", "gradebook", "home", "neighbour", "service")
    world = World(
        folder=folder,
        token=token,
        words={
            "class": str(folder / "class"),
            "source": str(folder / "source"),
            "home": str(folder / "home"),
            "port": str(port),
            "token": token,
            "won": f"won-{secrets.token_hex(4)}",
            "neighbour": NEIGHBOUR if NEIGHBOUR in honest else next(iter(honest)),
        },
        canaries={place: f"canary-{place}-{secrets.token_hex(6)}" for place in places},
    )
    folder.mkdir(parents=True)
    _set_up_home(world)
    _set_up_source(world)
    world.room.mkdir()
    (world.room / "nbgrader_config.py").write_text(CONFIG.format(repository=str(bank.ROOT)), encoding="utf-8")
    students = [*honest, *(case.student for case in cases)]
    rows = [f"{student},{student},Student,{world.canaries['gradebook']}@x" for student in students]
    (world.room / "roster.csv").write_text("\n".join(["id,first_name,last_name,email", *rows]) + "\n")
    for student in honest:
        _hand_in_honestly(world, student)
    for case in cases:
        submitted = world.room / "submitted" / case.student / ASSIGNMENT
        corpus.hand_in(case, submitted, _downloads(world), world.words | {"me": case.student})
    return world


def _set_up_home(world: World) -> None:
    (world.home / ".ssh").mkdir(parents=True)
    (world.home / ".ssh" / "id_ed25519").write_text(world.canaries["home"])
    (world.home / ".ipython" / "profile_default" / "startup").mkdir(parents=True)


def _set_up_source(world: World) -> None:
    source = world.folder / "source"
    shutil.copytree(bank.ROOT / "solutions", source)
    own = (source / "limits.toml").read_text(encoding="utf-8").partition(f"[{ASSIGNMENT}]")[2]
    (source / "limits.toml").write_text(f"{LIMITS}\n[{ASSIGNMENT}]{own}", encoding="utf-8")
    path = source / ASSIGNMENT / FILE
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = [
            f"{line}# {world.canaries['hidden']}\n" if "BEGIN HIDDEN TESTS" in line else line
            for line in cell["source"]
        ]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _hand_in_honestly(world: World, student: str) -> None:
    solution, mistakes = HONEST[student]
    notebook = corpus.solved(solution)
    wrong = {wrong.name: wrong for wrong in bank.load(ASSIGNMENT, "wrong")}
    for name in mistakes:
        notebook = bank.fill(notebook, wrong[name].source)
    if student == world.words["neighbour"]:
        notebook.cells.append(new_markdown_cell(f"My own notes: {world.canaries['neighbour']}"))
    if student == COLLECTED:
        _downloads(world).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(_downloads(world) / f"{student}.zip", "w") as archive:
            archive.writestr(FILE, nbformat.writes(notebook))
        return
    place = world.room / "submitted" / student / ASSIGNMENT
    place.mkdir(parents=True)
    nbformat.write(notebook, place / FILE)


def _downloads(world: World) -> Path:
    return world.room / "downloaded" / ASSIGNMENT / "archive"


def honest_scores() -> dict[str, dict[str, float]]:
    """What the honest students earn by the bank: student -> part -> points."""
    wrong = {solution.name: solution for solution in bank.load(ASSIGNMENT, "wrong")}
    lost = {
        student: {str(wrong[name].part): float(wrong[name].score or 0) for name in mistakes}
        for student, (_, mistakes) in HONEST.items()
    }
    return {student: points() | lost[student] for student in HONEST}


def points() -> dict[str, float]:
    """The points of each part that a machine marks."""
    cells = [cell for cell in bank.source_notebook(ASSIGNMENT).cells if cell.cell_type == "code"]
    claims = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
    return {claim.grade_id: float(claim.points) for claim in claims if claim.grade}


@contextmanager
def services(folder: Path, cases: list[Case], honest: Collection[str] = tuple(HONEST)) -> Iterator[World]:
    """Build the world, with services on this machine that greet who connects and note what they are told."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        world = build(folder, cases, honest, tcp.getsockname()[1])
        with socket.socket(socket.AF_UNIX) as file, socket.socket(socket.AF_UNIX) as abstract:
            file.bind(str(world.home / "service.socket"))
            abstract.bind(f"\0{world.token}")
            for listening in (tcp, file, abstract):
                listening.listen()
                threading.Thread(target=_greet, args=(listening, world), daemon=True).start()
            threading.Thread(target=_reply, args=(udp, world), daemon=True).start()
            yield world


def _greet(listening: socket.socket, world: World) -> None:
    with suppress(OSError):  # the socket is closed at the end
        while True:
            caller, _ = listening.accept()
            with caller, suppress(OSError):
                caller.settimeout(2)
                caller.sendall(world.canaries["service"].encode() + b"\n")
                world.heard.append(caller.recv(1000).decode(errors="replace"))


def _reply(udp: socket.socket, world: World) -> None:
    with suppress(OSError):
        while True:
            said, caller = udp.recvfrom(1000)
            world.heard.append(said.decode(errors="replace"))
            udp.sendto(world.canaries["service"].encode(), caller)


def leftovers(world: World) -> list[str]:
    """Files with the world's token in their names, in the places that all programs of a machine share."""
    shared = (
        "/",
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        "/run",
        "/run/lock",
        "/var/lock",
        "/usr",
        str(world.folder),
    )
    package = str(Path(corpus.bank.__file__).parents[1])
    found = [path for folder in (*shared, package) for path in Path(folder).glob(f"*{world.token}*")]
    found += world.home.rglob(f"*{world.token}*")
    return sorted({str(path) for path in found})


def secrets_in(text: str, world: World, allowed: Mapping[str, str] | tuple[str, ...] = ()) -> list[str]:
    """The places whose canary stands in the text."""
    return [place for place, canary in world.canaries.items() if canary in text and place not in allowed]
