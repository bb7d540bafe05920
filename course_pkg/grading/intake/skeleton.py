"""What the instructor's notebook settles about every submission."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from nbformat import NotebookNode
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from traitlets.config import Config, PyFileConfigLoader

from course_pkg.grading.assignments.release import ROOT


@dataclass(frozen=True)
class Skeleton:
    """What the instructor's notebook settles about every submission.

    Attributes
    ----------
    cells : dict
        Each nbgrader cell by its grade_id, in order, hidden tests included, solutions taken out.
    released : dict
        The source that students got, by grade_id.
    places : dict
        Where each cell of the whole notebook stands, by its id.
    tags : dict
        The tags of each cell of the whole notebook, by its id.
    metadata : dict
        The notebook's own.
    """

    cells: dict[str, NotebookNode]
    released: dict[str, str]
    places: dict[str, int]
    tags: dict[str, list[str]]
    metadata: NotebookNode


def skeleton_of(source: NotebookNode, config: Config | None = None) -> Skeleton:
    """Take an instructor's notebook apart, by nbgrader's own steps.

    Checksums are therefore those that nbgrader's gradebook holds after `nbgrader generate_assignment`.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook, with solutions and hidden tests.
    config : traitlets.config.Config, optional
        nbgrader's settings, for the stubs; by default those of the course's nbgrader_config.py.
    """
    config = _course_config() if config is None else config
    whole = _through((LockCells, ClearSolutions, ClearOutput, ComputeChecksums), source, config)
    released = _through((ClearHiddenTests, ClearMarkScheme), whole, config)
    ids = [cell.get("id") or f"place-{place}" for place, cell in enumerate(whole.cells)]
    return Skeleton(
        cells=_by_name(whole),
        released={name: cell.source for name, cell in _by_name(released).items()},
        places={identity: place for place, identity in enumerate(ids)},
        tags={i: cell.metadata.get("tags", []) for i, cell in zip(ids, whole.cells, strict=True)},
        metadata=whole.metadata,
    )


def _by_name(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell)
    }


def _through(steps: Iterable[type], notebook: NotebookNode, config: Config) -> NotebookNode:
    made = copy.deepcopy(notebook)
    resources: dict[str, str] = {}
    for step in steps:
        made, resources = step(config=config).preprocess(made, resources)
    return made


@cache
def _course_config() -> Config:
    return PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
