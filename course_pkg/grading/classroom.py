"""Grade a whole class with one command: scores, feedback pages, report, CSV.

What changed is graded, what did not is left alone, and a run that was killed goes on where it stopped.
"""

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import nbgrader
import pandas as pd
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.plugins import CsvExportPlugin
from nbgrader.utils import capture_log
from tqdm import tqdm

import course_pkg
from course_pkg.grading import attempt, feedback, report
from course_pkg.grading.classfolder import (
    LOG,
    PROGRESS,
    ClassFolder,
    open_class,
    use_this_environment,
    write_json,
)
from course_pkg.grading.attempt import Attempt, autograde
from course_pkg.grading.fingerprints import digest, fingerprint
from course_pkg.grading.scores import Progress, feedback_inputs, forget_scores, read_scores, state

# what the rest of the package stands on: when it changes, scores may change
GROUND = {"_validate", "arithmetic", "ops", "data", "checks"}


def grade(folder: Path, assignment: str) -> int:
    """Grade every submission of an assignment that is new or changed, and say how it went.

    Parameters
    ----------
    folder : Path
        The class folder (see `course_pkg.grading.classfolder`).
    assignment : str
        The assignment's name, for example ``"a1_convolution_1d"``.

    Returns
    -------
    int
        0 if every submission is graded, 1 if some could not be, 2 if there is nothing to work on.
    """
    use_this_environment()
    start = time.perf_counter()
    try:
        room = open_class(folder)
        students = _submitters(room, assignment)
        progress = _read_progress(room, assignment)
        _set_up(room, assignment, progress, students)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print_of = _fingerprints(room, assignment, students)
    due = [s for s in students if progress.get(s, {}).get("graded") != print_of[s]]
    for attempt in _attempts(room, assignment, due, progress):
        problem = attempt.problem
        progress[attempt.student] = {
            "graded": None if problem else print_of[attempt.student],
            "seconds": round(attempt.seconds, 2),
            "problem": problem,
        }
        _write_progress(room, assignment, progress)
        _log(room, f"{assignment} {attempt.student}: {problem or 'graded'}", attempt.log)
    _give_feedback(room, assignment, students, progress)
    _write_progress(room, assignment, progress)
    _export_csv(room)
    report.write(room, assignment, progress)
    _show(room, assignment, progress, len(due), time.perf_counter() - start)
    return 1 if any(entry["problem"] for entry in progress.values()) else 0


def _submitters(room: ClassFolder, assignment: str) -> list[str]:
    if not room.notebooks(assignment):
        known = sorted(path.parent.name for path in room.source.glob("*/*.ipynb"))
        raise ValueError(
            f"assignment: got {assignment!r}, expected one of {', '.join(known) or '(none there)'}"
        )
    students = room.submitters(assignment)
    if not students:
        raise ValueError(
            f"--class: expected {room.folder}/submitted/STUDENT/{assignment}/, found no submission"
        )
    return students


def _set_up(room: ClassFolder, assignment: str, progress: Progress, students: Iterable[str]) -> None:
    """Put the assignment and the students into the gradebook; forget students whose submission is gone."""
    with Gradebook(room.database) as gradebook:
        roster = room.roster()
        for student in {*roster, *students}:
            gradebook.update_or_create_student(student, **roster.get(student, {}))
    maker = GenerateAssignment(coursedir=room.coursedir(assignment), config=room.config)
    maker.force = True
    outcome = capture_log(maker)
    _log(room, f"{assignment}: generate_assignment", outcome.get("log", ""))
    if not outcome["success"]:
        reason = outcome["error"].strip().splitlines()[-1]
        raise ValueError(f"nbgrader could not generate {assignment}: {reason} (see {room.folder / LOG})")
    for student in set(progress) - set(students):
        forget_scores(room, assignment, student)
        _remove_pages(room, assignment, student)
        del progress[student]


def _fingerprints(room: ClassFolder, assignment: str, students: Iterable[str]) -> dict[str, str]:
    """For each student, a hash of all that a score depends on: submission, tests, and the code they run."""
    named = set()
    for name in room.notebooks(assignment):
        text = (room.source / assignment / f"{name}.ipynb").read_text(encoding="utf-8")
        named |= set(re.findall(r"course_pkg(?:\.| import )(\w+)", text))
    package = sorted(Path(course_pkg.__file__).parent.iterdir())
    code = [path for path in package if path.stem in GROUND | named]
    tests = fingerprint([room.source / assignment, *code, Path(attempt.__file__)]) + nbgrader.__version__
    return {s: f"{tests[:16]}-{fingerprint([room.submission(s, assignment)])[:16]}" for s in students}


def _attempts(room: ClassFolder, assignment: str, due: list[str], progress: Progress) -> Iterator[Attempt]:
    """Grade the submissions that are due, as many at a time as there are cores."""
    for student in due:
        # from here until it is graded anew, nothing of an earlier grading stands
        forget_scores(room, assignment, student)
        _remove_pages(room, assignment, student)
        progress[student] = {"graded": None, "seconds": 0.0, "problem": "the run was stopped before its turn"}
    _write_progress(room, assignment, progress)
    workers = min(len(os.sched_getaffinity(0)), len(due))
    if not due:
        return
    with (
        ProcessPoolExecutor(workers, get_context("spawn"), _talk_to_log, (room.folder / LOG,)) as pool,
        tqdm(total=len(due), unit="submission", desc=assignment, disable=not sys.stderr.isatty()) as bar,
    ):
        running = {pool.submit(autograde, room.folder, assignment, student): student for student in due}
        for future in as_completed(running):
            yield _result(future, running[future])
            bar.update()


def _talk_to_log(log: Path) -> None:
    """Send what this process and the kernels that it starts write to the terminal into the log."""
    with log.open("a") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)


def _result(future: Future[Attempt], student: str) -> Attempt:
    try:
        return future.result()
    except BrokenProcessPool:
        return Attempt(student, "the grading process died; run the command again to go on", 0.0)


def _give_feedback(room: ClassFolder, assignment: str, students: list[str], progress: Progress) -> None:
    """Make the feedback pages that are missing or out of date, new marks and comments included."""
    template = fingerprint([Path(feedback.__file__), feedback.TEMPLATES])
    for student in students:
        entry = progress[student]
        if entry["graded"] is None:
            continue
        shown = digest(template, entry["graded"], *feedback_inputs(room, assignment, student))
        if entry.get("feedback") == shown and room.feedback(student, assignment).is_dir():
            continue
        maker = GenerateFeedback(coursedir=room.coursedir(assignment, student), config=room.config)
        maker.force = True
        outcome = capture_log(maker)
        _log(room, f"{assignment} {student}: generate_feedback", outcome.get("log", ""))
        entry["feedback"] = shown if outcome["success"] else None
        entry["problem"] = (
            None if outcome["success"] else "graded, but without a feedback page (see grading.log)"
        )


def _remove_pages(room: ClassFolder, assignment: str, student: str) -> None:
    for made in (room.autograded(student, assignment), room.feedback(student, assignment)):
        if made.exists():
            shutil.rmtree(made)


def _export_csv(room: ClassFolder) -> None:
    """All assignments' totals, in nbgrader's own layout."""
    with Gradebook(room.database) as gradebook:
        exporter = CsvExportPlugin()
        exporter.to = str(room.folder / "grades.csv")
        exporter.export(gradebook)


def _show(room: ClassFolder, assignment: str, progress: Progress, due: int, seconds: float) -> None:
    """The summary: a line a student, then what went wrong, then where everything is."""
    scores = read_scores(room, assignment)
    table = scores.earned.copy()
    table["total"] = scores.totals
    lines = table.map(lambda value: "–" if pd.isna(value) else f"{value:g}")
    lines["state"] = [state(scores, progress, student) for student in table.index]
    # narrow columns: number the parts, and say below which is which
    lines.columns = [*(f"P{i}" for i in range(1, len(scores.points) + 1)), "total", "state"]
    print(lines.to_string())
    print("\n".join(f"P{i} {part} ({p:g})" for i, (part, p) in enumerate(scores.points.items(), 1)))
    for student, entry in sorted(progress.items()):
        if entry["problem"]:
            print(f"PROBLEM {student}: {entry['problem']}")
    print(
        f"{due} of {len(progress)} submissions graded now, in {seconds:.1f} s"
        if due
        else "Nothing new to grade."
    )
    print(f"Feedback pages  {room.folder / 'feedback'}")
    print(f"Class report    {room.report(assignment)}")
    print(f"Scores          {room.folder / 'grades.csv'} and, part by part, {room.table(assignment)}")


def _read_progress(room: ClassFolder, assignment: str) -> Progress:
    path = room.folder / PROGRESS
    return json.loads(path.read_text(encoding="utf-8")).get(assignment, {}) if path.exists() else {}


def _write_progress(room: ClassFolder, assignment: str, progress: Progress) -> None:
    path = room.folder / PROGRESS
    everything = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_json(path, everything | {assignment: progress})


def _log(room: ClassFolder, headline: str, text: str) -> None:
    with (room.folder / LOG).open("a", encoding="utf-8") as stream:
        stream.write(f"== {time.strftime('%Y-%m-%d %H:%M:%S')} {headline}\n{text}\n")
