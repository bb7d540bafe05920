"""What a graded notebook says of its run: verdicts, what the instructor should know, and times."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from course_pkg.grading.reports.feedback import verdict_of

Verdict = dict[str, Any]  # see course_pkg.checks.part

STAGES = {
    "kernel": "starting the kernel",
    "student": "the student's own cells",
    "tests": "the tests",
    "shutdown": "shutting down",
}


@dataclass
class Run:
    """The run of one student's notebooks.

    Attributes
    ----------
    verdicts : list of dict
        The verdicts on the parts.
    lines : list of str
        What was mended in the submission and what happened while it ran, a line each.
    seconds : dict
        Wall-clock seconds by stage; empty where nobody kept them.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def read_run(autograded: Path) -> Run:
    """The run of a student's notebooks, from the folder of the graded ones; empty if there are none."""
    run, seconds = Run(), defaultdict[str, float](float)
    for path in sorted(autograded.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        run.verdicts += [verdict for verdict in map(verdict_of, notebook.cells) if verdict is not None]
        said = notebook.metadata.get("course_pkg", {})
        run.lines += [*said.get("remarks", []), *said.get("incidents", [])]
        for stage, time in said.get("seconds", {}).items():
            seconds[stage] += time
    run.seconds = dict(seconds)
    return run


def told(runs: Mapping[str, Run]) -> list[tuple[str, list[str]]]:
    """What there is to know, each line once, and the students whom it is about; the rarest first.

    Examples
    --------
    >>> told({"ada": Run(lines=["late"]), "bo": Run(lines=["late", "out of memory"])})
    [('out of memory', ['bo']), ('late', ['ada', 'bo'])]
    """
    about: dict[str, list[str]] = defaultdict(list)
    for student, run in runs.items():
        for line in dict.fromkeys(run.lines):
            about[line].append(student)
    return sorted(about.items(), key=lambda entry: (len(entry[1]), entry[1]))


def stage_times(runs: Mapping[str, Run]) -> pd.DataFrame:
    """How long the stages of a run took, over all students.

    Returns
    -------
    pandas.DataFrame
        Index: the stages in words, and "the whole run" at the end; no rows if nobody kept times. Columns, in
        seconds: median, most (the 95th percentile), longest, total; and slowest, the student of the longest.
    """
    kept = {student: run.seconds for student, run in runs.items() if run.seconds}
    if not kept:
        return pd.DataFrame(columns=["median", "most", "longest", "total", "slowest"])
    times = pd.DataFrame.from_dict(kept, orient="index").fillna(0.0)
    times = times[[*(s for s in STAGES if s in times), *(s for s in times if s not in STAGES)]]
    times = times.rename(columns=STAGES).assign(**{"the whole run": times.sum(axis=1)})
    return pd.DataFrame(
        {
            "median": times.median(),
            "most": times.quantile(0.95),
            "longest": times.max(),
            "total": times.sum(),
            "slowest": times.idxmax(),
        }
    )
