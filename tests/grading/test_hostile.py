"""Hostile submissions, graded in one class with honest students: a case for each danger.

`make test-hostile` grades all that there are in `tests/grading/hostile/cases`; so does HOSTILE=all here.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grading.hostile import corpus, run
from tests.grading.hostile.run import Report

CORPUS = corpus.load()
CASES = CORPUS if os.environ.get("HOSTILE") == "all" else corpus.representatives(CORPUS)
# what grading must survive, as the course's rules for it name it
DANGERS = {
    "files": """
        reading solutions; gradebook; environment secrets; /proc of others; other submissions;
        writing gradebook; sitecustomize; ~/.ipython; shadow modules; symlinks and ../ in an
        archive
    """,
    "network": "any socket; DNS; other kernels' ports",
    "resources": """
        endless loop; catch-all endless loop; loop inside C code; thread storm; huge array; slow
        leak; deep recursion; segfault; fork bomb; orphan by setsid; full disk; inode flood; 30
        MB of output; zip bomb
    """,
    "kernel": """
        os._exit; killing the parent; forged replies; dropped replies; input(); printing threads
    """,
    "harness": """
        transformers; patched comparison functions; __eq__; __array_ufunc__; __array_function__;
        nan/inf; frame-walking; sys.exit; changing test inputs in place
    """,
    "format": """
        truncated; empty; UTF-16; conflict-marked; nbformat-3; missing test cells; duplicate
        test cells; reordered test cells; retyped test cells; edited test cells; flipped flags;
        invented grade cells; forged points; forged kernelspec; forged schema; skip tags;
        renamed notebook; missing notebook
    """,
    "leaks": """
        dumping test source; encoding test inputs in exceptions; encoding test inputs in
        outputs; encoding test inputs in scores
    """,
    "shortcuts": "calling a library's conv; hard-coded answers; looking at the caller",
    "chance": "unseeded randomness; warnings on stderr",
    "rpc": """
        huge replies; wrong dtypes; slow replies; objects that change between calls; answering
        for another name; replies out of order; deep nesting; NaN payloads
    """,
}


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    with tempfile.TemporaryDirectory(prefix="hostile") as folder:
        yield run.course(Path(folder), CASES, _one_a_group(CASES))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_survives(report: Report, case: corpus.Case) -> None:
    assert report.cases[case.name] == []


def test_honest_grades_are_the_same_with_and_without_the_others(report: Report) -> None:
    assert report.honest_faults == []


def test_nothing_outside_the_class_is_read_changed_or_left_running(report: Report) -> None:
    assert report.world == []


@pytest.mark.parametrize("group", DANGERS)
def test_every_danger_has_a_case(group: str) -> None:
    covered = {danger for case in CASES if case.group == group for danger in case.dangers}
    assert {" ".join(danger.split()) for danger in DANGERS[group].split(";")} <= covered


def test_no_two_cases_are_the_same() -> None:
    assert len(CORPUS) >= 200
    assert Counter(case.source for case in CORPUS).most_common(1)[0][1] == 1
    assert len({case.student for case in CORPUS}) == len(CORPUS)


def _one_a_group(cases: list[corpus.Case]) -> list[corpus.Case]:
    return list({case.group: case for case in cases}.values())
