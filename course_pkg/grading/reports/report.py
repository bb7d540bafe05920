"""The class report: one HTML page that tells an instructor how the class did and where it went wrong."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from course_pkg.grading.classroom.classfolder import ClassFolder
from course_pkg.grading.classroom.scores import Progress, Scores, read_scores, state
from course_pkg.grading.reports.exports import harmless
from course_pkg.grading.reports.feedback import TEMPLATES
from course_pkg.grading.reports.runs import Verdict, read_run, stage_times, told
from course_pkg.plots import grades

# any other goes on with numbers, which differ from student to student
_NUMBERS = re.compile(r"(?:\.|(?<=\?)) (At \[|Expected ).*$", re.DOTALL)

LISTED = 1000  # students whose rows are on the page; the CSV has them all


@dataclass(frozen=True)
class Mistake:
    """One way of going wrong in a part, and who did.

    Attributes
    ----------
    part : str
        The part's name.
    test : str
        The name of the first test that failed.
    message : str
        What it said, without the numbers.
    students : tuple of str
        Ids, sorted.
    """

    part: str
    test: str
    message: str
    students: tuple[str, ...]


def write(room: ClassFolder, assignment: str, progress: Progress) -> None:
    """Write the class report and, beside it, the same scores part by part as CSV."""
    scores = read_scores(room, assignment)
    states = {student: state(scores, progress, student) for student in scores.earned.index}
    room.report(assignment).parent.mkdir(exist_ok=True)
    page = render(room, assignment, scores, states, progress)
    room.report(assignment).write_text(page, encoding="utf-8")
    table = scores.earned.assign(total=scores.totals, state=pd.Series(states))
    table.insert(0, "name", scores.names.map(harmless))
    table.rename(index=harmless).to_csv(room.table(assignment), index_label="student")


def render(
    room: ClassFolder, assignment: str, scores: Scores, states: Mapping[str, str], progress: Progress
) -> str:
    """The report as one HTML page that needs nothing else."""
    graded = scores.totals.dropna()
    parts = statistics(scores)
    runs = {student: read_run(room.autograded(student, assignment)) for student in scores.earned.index}
    for student in runs.keys() & progress.keys():
        runs[student].lines += progress[student].get("remarks", [])  # all there is of who was not graded
    found = {student: run.verdicts for student, run in runs.items()}
    marked = parts[(parts.scored > 0) & (parts.pending == 0)]
    figures = []
    automatic = [part for part in marked.index if part not in scores.by_hand]
    if automatic:
        totals = scores.earned.loc[graded.index, automatic].sum(axis=1)
        figures.append(grades.score_distribution(totals, float(marked.points[automatic].sum())))
        figures.append(
            grades.part_difficulty({str(p): (row.share, row.discrimination) for p, row in marked.iterrows()})
        )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2").render(
        assignment=assignment,
        parts=parts,
        figures=[figure.svg() for figure in figures],
        mistakes=mistakes(found),
        unwritten=Counter(v["part"] for vs in found.values() for v in vs if v["state"] == "not written"),
        students=[
            _student_row(room, assignment, scores, student, states[student])
            for student in scores.earned.index[:LISTED]
        ],
        unlisted=max(0, len(scores.earned) - LISTED),
        table=room.table(assignment).name,
        names=scores.names,
        problems={s: entry["problem"] for s, entry in sorted(progress.items()) if entry["problem"]},
        counts=_counts(states),
        mean=float(graded.mean()) if len(graded) else None,
        maximum=float(scores.points.sum()),
        pending=int(scores.pending.sum()),
        times=stage_times(runs),
        told=told(runs),
        by_hand=scores.by_hand,
    )


def statistics(scores: Scores) -> pd.DataFrame:
    """How each part went, over the students who have a score in it.

    Returns
    -------
    pandas.DataFrame
        Index: the parts. Columns: points; scored, how many students have a score in it; pending, how many
        others handed in and wait for theirs; share, the part of the
        points that these earned; full, how many earned all; discrimination, the correlation of the
        part with the sum of all other parts that these have a score in (item-rest), nan where either does
        not vary.
    """
    rows = {}
    for part, points in scores.points.items():
        earned = scores.earned[part].dropna()
        # a part that some of them still wait for would make the others look stronger
        rest = scores.earned.loc[earned.index].drop(columns=part).dropna(axis=1).sum(axis=1)
        varies = earned.nunique() > 1 and rest.nunique() > 1
        rows[part] = {
            "points": points,
            "scored": len(earned),
            "pending": int((scores.earned[part].isna() & scores.totals.notna()).sum()),
            "share": float(earned.mean() / points) if len(earned) and points else np.nan,
            "full": int((earned >= points).sum()),
            "discrimination": float(earned.corr(rest)) if varies else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def mistakes(found: Mapping[str, list[Verdict]]) -> list[Mistake]:
    """What went wrong, part by part, and for whom, the commonest first; stubs are left out."""
    who: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for student, verdicts_on_parts in found.items():
        for verdict in verdicts_on_parts:
            failed = _first_failure(verdict)
            if failed and verdict["state"] != "not written":
                who[verdict["part"], failed["name"], _NUMBERS.sub("", failed["message"])].append(student)
    made = [Mistake(*what, tuple(sorted(names))) for what, names in who.items()]
    return sorted(made, key=lambda m: (-len(m.students), m.part, m.message))


def _first_failure(verdict: Verdict) -> Verdict | None:
    return next((test for test in verdict["tests"] if not test["passed"]), None)


def _counts(states: Mapping[str, str]) -> dict[str, int]:
    counts = {"on the roster": len(states), "submitted": 0, "not graded": 0}
    for text in states.values():
        counts["submitted"] += text != "no submission"
        counts["not graded"] += text == "not graded"
    return counts


def _student_row(
    room: ClassFolder, assignment: str, scores: Scores, student: str, standing: str
) -> dict[str, Any]:
    pages = sorted(room.feedback(student, assignment).glob("*.html"))
    links = [Path(os.path.relpath(page, room.report(assignment).parent)).as_posix() for page in pages]
    cells = []
    for part, points in scores.points.items():
        earned = scores.earned.loc[student, part]
        cells.append(None if np.isnan(earned) else (earned, earned / points if points else 1.0))
    total = scores.totals[student]
    return {
        "id": student,
        "name": scores.names[student],
        "state": standing,
        "cells": cells,
        "total": None if np.isnan(total) else float(total),
        "link": links[0] if links else None,
    }
