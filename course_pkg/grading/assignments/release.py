"""Make what students get from the instructor's notebooks, with nbgrader."""

import logging
import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

ROOT = Path(__file__).resolve().parents[3]  # the repository


def generate(out: Path = ROOT / "assignments") -> list[Path]:
    """Write the student's copy of every assignment in `solutions/`.

    The settings are those of `nbgrader_config.py`; no gradebook is read or written.

    Parameters
    ----------
    out : Path
        The folder for the copies, one folder an assignment. What is there under an assignment's name is
        replaced.

    Returns
    -------
    list of Path
        The notebooks written.

    Raises
    ------
    nbgrader.converters.base.NbGraderException
        If a notebook is damaged, or its nbgrader cells are.
    """
    written: list[Path] = []
    for assignment in sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb")):
        with tempfile.TemporaryDirectory() as scratch:
            config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
            config.merge(_release_settings(assignment, Path(scratch)))
            converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
            converter.log.setLevel(logging.WARNING)
            converter.start()
            (out / assignment).mkdir(parents=True, exist_ok=True)
            for notebook in sorted(Path(scratch).glob(f"{assignment}/*.ipynb")):
                copy = out / assignment / notebook.name
                copy.write_text(notebook.read_text(encoding="utf-8"), encoding="utf-8")
                written.append(copy)
    return written


def _release_settings(assignment: str, scratch: Path) -> Config:
    return Config(
        {
            "CourseDirectory": {"assignment_id": assignment, "release_directory": str(scratch)},
            "GenerateAssignment": {"no_database": True},
            "SaveCells": {"enabled": False},
        }
    )
