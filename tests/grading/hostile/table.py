"""The table of what became of each case, here and under stock nbgrader, on the terminal and as a page."""

from collections import Counter
from collections.abc import Mapping

from tests.grading.hostile.corpus import Case
from tests.grading.hostile.run import Report

INTRODUCTION = """\
# What grading survives

{survived} of {count} hostile submissions survive. They are graded in one class with {honest} honest students:
each keeps the marks of its honest parts, gets none for the others, reads nothing, changes nothing and stops
nobody. The honest students' grades are the same with and without them. The last column says what stock
nbgrader does with the same file when it grades it in a class of its own, in front of an honest student.

This page is written by `make test-hostile`. The cases are in `tests/grading/hostile/cases`, a file each.
"""


def as_text(report: Report, cases: list[Case], stock: Mapping[str, list[str]]) -> str:
    """The table for the terminal."""
    wide = max(len(case.name) for case in cases)
    lines = [f"{'case':{wide}}  {'here':10}  stock nbgrader"]
    for case in cases:
        faults = report.cases[case.name]
        lines.append(f"{case.name:{wide}}  {'FAULT' if faults else 'survived':10}  {_stock(stock, case)}")
        lines += [f"{'':{wide}}  {fault}" for fault in faults]
    lines += [f"FAULT  {fault}" for fault in (*report.world, *report.honest_faults)]
    return "\n".join([*lines, "", *_sums(report, cases, stock)])


def as_page(report: Report, cases: list[Case], stock: Mapping[str, list[str]]) -> str:
    """The table as MyST Markdown."""
    survived = sum(not report.cases[case.name] for case in cases)
    lines = [INTRODUCTION.format(survived=survived, count=len(cases), honest=len(report.honest))]
    lines += ["Stock nbgrader:", ""]
    lines += [f"- {line}" for line in _sums_of_stock(cases, stock)]
    for group in dict.fromkeys(case.group for case in cases):
        lines += [
            "",
            f"## {group.capitalize()}",
            "",
            "| what it does | here | stock nbgrader |",
            "|---|---|---|",
        ]
        for case in cases:
            if case.group == group:
                here = "survives" if not report.cases[case.name] else "**does not survive**"
                words = case.words.replace("|", "\\|").replace("<", "&lt;")
                lines.append(f"| {words} | {here} | {_stock(stock, case)} |")
    return "\n".join(lines) + "\n"


def _stock(stock: Mapping[str, list[str]], case: Case) -> str:
    if case.name not in stock:
        return "not measured yet"
    return "; ".join(stock[case.name]) or "survives"


def _sums(report: Report, cases: list[Case], stock: Mapping[str, list[str]]) -> list[str]:
    survived = sum(not report.cases[case.name] for case in cases)
    honest = "identical" if not report.honest_faults else "NOT identical"
    graded = f"graded in {report.seconds:.0f} s with {len(report.honest)} honest students"
    return [
        f"Stock nbgrader: {'; '.join(_sums_of_stock(cases, stock))}.",
        f"{survived} of {len(cases)} survived, {graded}, whose grades are {honest} with and without them.",
    ]


def _sums_of_stock(cases: list[Case], stock: Mapping[str, list[str]]) -> list[str]:
    tried = [stock[case.name] for case in cases if case.name in stock]
    counts = Counter(word for words in tried for word in dict.fromkeys(words))
    untried = sum(count for word, count in counts.items() if word.startswith("not tried"))
    lines = [f"{word}: {count}" for word, count in counts.most_common() if not word.startswith("not tried")]
    survived = sum(not words for words in tried)
    lines.append(f"not tried, as it would take the machine down: {untried}")
    return [*lines, f"survived: {survived} of {len(tried)}"]
