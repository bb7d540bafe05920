"""What stands in the gradebook, on the pages and in the tables after the sample class has been graded."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

from course_pkg.grading.assignments import bank
from course_pkg.grading.assignments.sample_class import ASSIGNMENT, STUDENTS

NAMES = {student: f"{first_name} {last_name}" for student, first_name, last_name, *_ in STUDENTS}
HANDED_IN = [student for student, *_, kind, _, _ in STUDENTS if kind != "not handed in"]
VOID = {"meta", "br", "hr", "img", "input", "link", "path", "use"}


class Balance(HTMLParser):
    """Collects tags that are closed out of order or never."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def page(graded: Path, student: str) -> str:
    path = graded / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"
    return path.read_text(encoding="utf-8")


def assert_stands_alone(html: str) -> None:
    balance = Balance()
    balance.feed(html)
    assert (balance.wrong, balance.open) == ([], [])
    soup = BeautifulSoup(html, "html.parser")
    assert not soup.find_all(["script", "link", "iframe", "form"])
    for tag in soup.find_all(src=True):
        assert tag["src"].startswith("data:")
    for tag in soup.find_all("a", href=True):
        assert not re.match(r"\w+://(?!github\.com|doi\.org)", tag["href"]), tag
    assert not re.search(r"@import|url\(\s*['\"]?http", html)
    assert "default-src 'none'" in soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]


def test_the_class_is_large_and_varied():
    kinds = {kind for *_, kind, _, _ in STUDENTS}
    assert kinds == {"whole", "test deleted", "half-finished", "untouched", "not handed in"}
    assert len(HANDED_IN) >= 12
    assert len({student for student, *_ in STUDENTS}) == len(STUDENTS) >= 14


def test_gradebook_agrees_with_the_bank(graded, gradebook, expected):
    assert gradebook(graded) == expected


def test_every_submission_has_a_page_with_its_messages(graded):
    for student in HANDED_IN:
        notebook = nbformat.read(
            graded / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4
        )
        shown = BeautifulSoup(page(graded, student), "html.parser").get_text(" ", strip=True)
        shown = " ".join(shown.split())
        verdicts = [
            output.data["application/vnd.course-pkg.part+json"]
            for cell in notebook.cells
            for output in cell.get("outputs", [])
            if "application/vnd.course-pkg.part+json" in output.get("data", {})
        ]
        assert len(verdicts) == 9
        for verdict in verdicts:
            for test in verdict["tests"]:
                assert " ".join(test["name"].split()) in shown
                assert " ".join(test["message"].replace("`", "").split()) in shown
    assert not (graded / "feedback" / "pquispe").exists()


def test_pages_hold_no_hidden_test(graded):
    hidden, visible = set(), set()
    for cell in bank.source_notebook(ASSIGNMENT).cells:
        inside = False
        for line in map(str.strip, cell.source.splitlines()):
            inside |= "BEGIN HIDDEN TESTS" in line
            (hidden if inside else visible).add(line)
            inside &= "END HIDDEN TESTS" not in line
    secret = {line for line in hidden - visible if len(line) > 15}
    assert len(secret) > 50
    for student in HANDED_IN:
        # the graded parts only: a student's own code may look like a test's
        parts = BeautifulSoup(page(graded, student), "html.parser").select(".part")
        assert len(parts) == 10
        shown = "\n".join(part.get_text() for part in parts)
        assert "hidden tests ran here" in shown
        assert not [line for line in secret if line in shown]


@pytest.mark.parametrize("student", ["aadeyemi", "lleblanc", "okeita"])
def test_pages_stand_alone(graded, student):
    assert_stands_alone(page(graded, student))


def test_page_shows_scores_and_what_is_pending(graded, expected):
    rows = BeautifulSoup(page(graded, "lleblanc"), "html.parser").find("table").find_all("tr")[1:]
    shown = {titles()[row.find_all("td")[0].text]: row.find_all("td")[1].text for row in rows}
    points = dict(zip(expected["aadeyemi"], ["4", "3", "5", "3", "3", "4", "4", "4", "6", "4"], strict=True))
    want = {
        p: f"{'pending' if s is None else f'{s:g}'} / {points[p]}" for p, s in expected["lleblanc"].items()
    }
    assert shown == want
    header = BeautifulSoup(page(graded, "lleblanc"), "html.parser").select_one("main > p").text
    assert header == "Feedback for Loïc LeBlanc"


def titles() -> dict[str, str]:
    """The title of each part, as on the page, and its id."""
    found, title = {}, ""
    for cell in bank.source_notebook(ASSIGNMENT).cells:
        if cell.source.startswith("## "):
            title = cell.source.splitlines()[0].removeprefix("## ").split(" (")[0]
        if cell.metadata.get("nbgrader", {}).get("grade"):
            found[title] = cell.metadata.nbgrader.grade_id
    assert list(found)[:2] == ["Part 1 · Convolution", "Part 2 · Flips and cross-correlation"]
    return found


def test_page_says_what_the_points_are_for(graded):
    parts = BeautifulSoup(page(graded, "aadeyemi"), "html.parser").select(".part")
    texts = [[item.text for item in part.select(".tests li")] for part in parts]
    assert "Basics (2 points, together)" in texts[0]
    edges = texts[0][texts[0].index("Edges of the task") + 1 :]
    assert len(edges) == 2
    assert all(text.endswith("(1 point)") for text in edges)


def test_formulas_are_drawn_and_nothing_of_their_source_is_left(graded):
    soup = BeautifulSoup(page(graded, "aadeyemi"), "html.parser")
    assert len(soup.find_all("math")) >= 10
    assert len(soup.select("math mtable")) >= 2  # the Toeplitz matrix
    text = soup.get_text()
    assert "\\sum" not in text
    assert "$$" not in text


def test_nbgrader_does_not_complain_of_our_own_steps(graded):
    assert "not recognized" not in (graded / "grading.log").read_text(encoding="utf-8")


def test_report_stands_alone(graded):
    assert_stands_alone((graded / "reports" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8"))


def test_report_numbers_are_those_of_the_gradebook(graded, gradebook):
    scores = gradebook(graded)
    soup = BeautifulSoup(
        (graded / "reports" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8"), "html.parser"
    )
    facts = [fact.text for fact in soup.select(".facts b")]
    totals = {student: sum(filter(None, parts.values())) for student, parts in scores.items()}
    pending = sum(score is None for parts in scores.values() for score in parts.values())
    assert facts[:4] == [
        f"{len(scores)} of {len(STUDENTS)}",
        f"{np.mean(list(totals.values())):.1f} of 40",
        str(pending),
        "0",
    ]
    for row in soup.select("#parts tbody tr"):
        name, points, scored, earned, full, _, correlation = (cell.text for cell in row.find_all("td"))
        name = name.removesuffix(" (by hand)")
        given = {s: parts[name] for s, parts in scores.items() if parts[name] is not None}
        assert int(scored) == len(given)
        if len(given) < len(scores):
            assert earned == f"{len(scores) - len(given)} pending"
            continue
        assert earned == f"{100 * np.mean(list(given.values())) / float(points):.0f} %"
        assert int(full) == sum(score == float(points) for score in given.values())
        rest = [totals[s] - score for s, score in given.items()]
        assert correlation == f"{np.corrcoef(list(given.values()), rest)[0, 1]:.2f}"
    for row in soup.select("#students tbody tr"):
        student = next(s for s, name in NAMES.items() if name == row.td.text)
        shown = [cell.text for cell in row.find_all("td")]
        if student not in scores:
            assert (shown[1], shown[2], set(shown[3:])) == ("–", "no submission", {"–"})
            continue
        assert shown[1] == f"{totals[student]:g}"
        order = [row.td.text.removesuffix(" (by hand)") for row in soup.select("#parts tbody tr")]
        assert shown[3:] == [
            "pending" if scores[student][part] is None else f"{scores[student][part]:g}" for part in order
        ]
        assert (graded / "reports" / row.a["href"]).is_file()


def test_report_names_the_commonest_mistakes(graded):
    soup = BeautifulSoup(
        (graded / "reports" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8"), "html.parser"
    )
    shown = {}
    for row in soup.select("#mistakes tbody tr"):
        part, count, what = row.find_all("td")
        who = what.select_one(".who").text.split(", ")
        assert len(who) == int(count.text)
        shown[part.text, frozenset(who)] = what.contents[0]
    by_mistake: dict[tuple[str, str], set[str]] = {}
    wrong = {solution.name: solution for solution in bank.load(ASSIGNMENT, "wrong")}
    for student, *_, names in STUDENTS:
        for name in names.split():
            by_mistake.setdefault((wrong[name].part, name), set()).add(NAMES[student])
    # whoever made the same mistake stands in one line, under what it looks like
    assert {(part, frozenset(who)) for (part, _), who in by_mistake.items()} == set(shown)
    repeated = shown["pad", frozenset({NAMES["eyilmaz"], NAMES["jferreira"], NAMES["mhassan"]})]
    assert "the end sample is repeated" in repeated
    counts = [int(row.find_all("td")[1].text) for row in soup.select("#mistakes tbody tr")]
    assert counts == sorted(counts, reverse=True)


def test_report_tells_what_was_mended_and_how_long_it_took(graded):
    soup = BeautifulSoup(
        (graded / "reports" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8"), "html.parser"
    )
    told = {item.contents[0].strip(): item.select_one(".who").text for item in soup.select("#told li")}
    assert told["correlate: was missing, and is back as it was released"] == NAMES["mhassan"]
    times = {
        row.td.text: [cell.text for cell in row.find_all("td")] for row in soup.select("#times tbody tr")
    }
    assert {"starting the kernel", "the student's own cells", "the tests", "the whole run"} <= set(times)
    for _, median, most, longest, whose, total in times.values():
        assert 0 <= float(median) <= float(most) <= float(longest) <= float(total) + 0.1
        assert whose in NAMES.values()


def test_csv_files_agree_with_the_gradebook(graded, gradebook):
    scores = gradebook(graded)
    with (graded / "grades.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["student_id"] for row in rows} == set(NAMES)
    for row in rows:
        assert float(row["score"]) == sum(filter(None, scores.get(row["student_id"], {}).values()))
        assert f"{row['first_name']} {row['last_name']}" == NAMES[row["student_id"]]
        assert float(row["max_score"]) == 40
    with (graded / "reports" / f"{ASSIGNMENT}.csv").open(encoding="utf-8") as stream:
        table = {row["student"]: row for row in csv.DictReader(stream)}
    for student, parts in scores.items():
        for part, score in parts.items():
            assert table[student][part] == ("" if score is None else f"{score:.1f}")
    assert table["pquispe"]["state"] == "no submission"
    assert table["pquispe"]["total"] == ""


def test_the_deleted_test_cell_was_put_back(graded):
    submitted, autograded = (
        nbformat.read(graded / step / "mhassan" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
        for step in ("submitted", "autograded")
    )
    before, after = (
        [c.metadata.nbgrader.grade_id for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
        for notebook in (submitted, autograded)
    )
    assert "correlate" not in before
    assert "correlate" in after


def test_what_nbgrader_says_is_in_the_log_and_not_on_the_terminal(graded):
    log = (graded / "grading.log").read_text(encoding="utf-8")
    assert all(f"{ASSIGNMENT} {student}: graded" in log for student in HANDED_IN)
