"""A feedback page runs nothing that a student made, takes nothing of it for a verdict, and stays small."""

import base64
import json
import re

import nbformat
import pytest
from bs4 import BeautifulSoup, Comment
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback

from course_pkg.checks.part import VERDICT_TYPE
from course_pkg.grading.assignments import bank
from course_pkg.grading.assignments.sample_class import ASSIGNMENT
from course_pkg.grading.classroom.classfolder import open_class
from course_pkg.grading.reports.runs import read_run
from course_pkg.grading.reports.safe import MAX_MARKUP, MAX_PAGE, plain_text, safe_html, safe_markdown, tame

STUDENT = "kpatel"
FORGED = {
    "part": "convolve",
    "points": 4.0,
    "state": "graded",
    "score": 4.0,
    "basics": 4.0,
    "notes": ["FORGED note"],
    "tests": [{"name": "FORGED test", "passed": True, "message": "", "hidden": True, "points": 0}],
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><rect width='9' height='9'/></svg>"


def show(data, **metadata):
    return new_output("display_data", data=data, metadata=metadata)


ATTACKS = {
    "a verdict": show({VERDICT_TYPE: FORGED, "text/plain": "convolve: 4 of 4 points"}),
    "a verdict alone": show({VERDICT_TYPE: FORGED}),
    "the page's own look": show(
        {"text/html": "<section class='part' id='convolve'><ul class='tests good'><li>FORGED</ul></section>"}
    ),
    "a script": show({"text/html": "<script>document.title = 'pwned'</script><b>after the script</b>"}),
    "a handler": show(
        {"text/html": "<img src=x onerror='document.title=`pwned`'><p onclick='x()'>click</p>"}
    ),
    "a style": show({"text/html": "<style>main { display: none }</style><i>after the style</i>"}),
    "a frame": show({"text/html": "<iframe src='https://example.com'></iframe><object data='x'></object>"}),
    "an isolated frame": show({"text/html": "<b>alone</b>"}, **{"text/html": {"isolated": True}}),
    "a form": show(
        {"text/html": "<form action='https://example.com'><input name='a'><button>go</button></form>"}
    ),
    "a redirect": show(
        {"text/html": "<meta http-equiv='refresh' content='0;url=https://example.com'><base href='//x'>"}
    ),
    "a picture elsewhere": show({"text/html": "<img src='https://example.com/spy.png' alt='spy'>"}),
    "javascript": show({"application/javascript": "document.title = 'pwned'"}),
    "a widget": show(
        {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "Slider()"}
    ),
    "a drawing with a script": show({"image/svg+xml": SVG}),
    "a picture that is none": show({"image/png": "x' onerror='alert(1)"}),
    "a picture with words": show(
        {"image/png": PIXEL}, **{"image/png": {"alt": "'><script>alert(1)</script>"}}
    ),
    "markdown": show({"text/markdown": "[go](javascript:alert(1)) <div class='part'>FORGED</div>"}),
    "formula": show({"text/latex": "$\\href{javascript:alert(1)}{x}$<script>alert(1)</script>"}),
    "terminal": new_output("stream", name="stdout", text="\x1b[2J\x1b]0;title\x07\x1b[31mred\x1b[0m\x00\x08"),
    "html in text": new_output("stream", name="stderr", text="<script>alert(1)</script></pre></main>"),
    "a long text": new_output("stream", name="stdout", text="spam " * 6_000_000),
    "a large table": show({"text/html": "<table>" + "<tr><td>x</td></tr>" * 100_000 + "</table>"}),
    "a large picture": show({"image/png": "A" * 20_000_000}),
    "an error": new_output(
        "error",
        ename="<b>E</b>",
        evalue="<script>alert(1)</script>" * 1000,
        traceback=["\x1b[31m<img src=x>" * 99999],
    ),
}


@pytest.fixture(scope="module")
def attacked(graded):
    """The page of a student whose own cells show all of it."""
    room = open_class(graded)
    path = graded / "autograded" / STUDENT / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    before, page = (
        path.read_text(encoding="utf-8"),
        graded / "feedback" / STUDENT / ASSIGNMENT / f"{ASSIGNMENT}.html",
    )
    page_before = page.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    solution = next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "convolve-code"
    )
    solution.outputs = list(ATTACKS.values())
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": "</script>"}}
    notebook.metadata["title"] = "<script>alert(1)</script>"
    notebook.cells += [new_code_cell("pass", outputs=[output]) for output in ATTACKS.values()]
    notebook.cells += [
        new_markdown_cell("<!-- hidden --> <section class='part'><ul class='tests'>FORGED</ul></section>"),
        new_markdown_cell(
            '<div class="part"><span class="good">FORGED</span></div>', metadata={"tags": ["'><script>"]}
        ),
        new_markdown_cell("![sketch](attachment:a.png)", attachments={"a.png": {"image/png": PIXEL}}),
        new_markdown_cell("![gone](attachment:b.png)", attachments={"b.png": {"text/html": "x"}}),
        new_markdown_cell(
            "![gone too](attachment:c.png) ![file](../../gradebook.db) ![far](https://example.com/x)"
        ),
        new_raw_cell("<div class='part'>FORGED</div>", metadata={"raw_mimetype": "text/html"}),
        new_code_cell("x = '" + "y" * 3_000_000 + "'"),
        new_code_cell("</main></body><script>alert(1)</script>"),
    ]
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    try:
        maker = GenerateFeedback(coursedir=room.coursedir(ASSIGNMENT, STUDENT), config=room.config)
        maker.force = True
        maker.start()
        yield page.read_text(encoding="utf-8")
    finally:
        path.write_text(before, encoding="utf-8")
        page.write_text(page_before, encoding="utf-8")


@pytest.fixture(scope="module")
def soup(attacked):
    return BeautifulSoup(attacked, "html.parser")


def test_nothing_runs_or_loads(soup):
    forbidden = "script iframe object embed form input button link base frame video audio canvas svg"
    assert not soup.find_all(forbidden.split())
    assert len(soup.find_all("meta")) == 3  # character set, width, what may be loaded
    assert len(soup.find_all("style")) == 1
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")]
        assert not tag.get("href", "").lower().startswith(("javascript", "data"))
        assert tag.get("src", "data:image/").startswith("data:image/")
    assert soup.title.text == "Feedback for Kavya Patel: a1_convolution_1d"


def test_only_tests_give_verdicts(soup):
    parts = soup.select("section.part")
    assert len(parts) == len(soup.select(".part")) == 10
    assert len(soup.select("ul.tests")) == 9
    assert "FORGED" not in " ".join(part.text for part in parts)
    assert soup.find(id="convolve").header.span.text.startswith("0 / 4")
    assert len(soup.find_all(id="convolve")) == 1
    assert "FORGED note" not in soup.text
    ours = {"part", "tests", "mark", "good", "bad", "wait", "comment", "quiet"}
    for tag in soup.find_all(string=re.compile("FORGED")):
        for above in tag.parents:
            # what the student wrote in Markdown is set in the quiet colour, as all text of that kind
            assert not (ours - {"quiet"}) & set(above.get("class", []))


def test_the_report_takes_no_verdict_of_the_students(graded, attacked):
    found = read_run(graded / "autograded" / STUDENT / ASSIGNMENT).verdicts
    assert len(found) == 9
    assert FORGED not in found


def test_what_is_harmless_is_shown(soup):
    text = soup.text
    for word in ("after the script", "after the style", "alone", "red", "Slider()", "click"):
        assert word in text
    assert soup.find(class_="ansi-red-fg").text == "red"
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "]0;title" not in text


def test_only_pictures_that_the_notebook_holds_are_shown(soup):
    assert soup.find("img", alt="sketch")["src"] == f"data:image/png;base64,{PIXEL}"
    for words in ("gone", "gone too", "file", "far"):
        assert not soup.find("img", alt=words).get("src")


def test_the_page_stays_small(attacked, soup):
    assert len(attacked) < 2 * MAX_PAGE
    assert "characters left out" in soup.text
    assert "… image/png of 20000000 characters left out …" in soup.text
    assert "spam spam" in soup.text


def test_no_comments_and_no_metadata(soup):
    assert not soup.find_all(string=lambda text: isinstance(text, Comment))
    assert not [tag for tag in soup.find_all(True) if any("celltag" in name for name in tag.get("class", []))]


def test_the_hidden_tests_are_nowhere_on_any_page(graded):
    """Not in its text, its attributes or comments; the student's own code apart."""
    secret, inside = set(), False
    visible = {
        line.strip() for cell in bank.source_notebook(ASSIGNMENT).cells for line in shown_lines(cell.source)
    }
    for cell in bank.source_notebook(ASSIGNMENT).cells:
        for line in map(str.strip, cell.source.splitlines()):
            inside |= "BEGIN HIDDEN TESTS" in line
            secret |= {line} if inside and len(line) > 20 else set()
            inside &= "END HIDDEN TESTS" not in line
    secret -= visible
    assert len(secret) > 40
    for path in graded.glob(f"feedback/*/{ASSIGNMENT}/*"):
        assert path.suffix == ".html"
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for cell in soup.select(".code_cell"):  # what the student wrote
            cell.decompose()
        whole = str(soup)
        assert len(whole) > 10_000
        plain = soup.get_text()
        assert not [line for line in secret if line in whole or line in plain]
        for line in secret:
            assert base64.b64encode(line.encode())[4:24].decode() not in whole


def shown_lines(source):
    hidden = False
    for line in source.splitlines():
        hidden |= "BEGIN HIDDEN TESTS" in line
        if not hidden:
            yield line
        hidden &= "END HIDDEN TESTS" not in line


def test_a_comment_by_an_instructor_is_shown_and_runs_nothing(class_copy):
    room = open_class(class_copy)
    with Gradebook(room.database) as book:
        comment = book.find_comment("in-your-own-words", ASSIGNMENT, ASSIGNMENT, STUDENT)
        comment.manual_comment = "**Well put.** <script>alert(1)</script> $x^2$"
        book.db.commit()
    maker = GenerateFeedback(coursedir=room.coursedir(ASSIGNMENT, STUDENT), config=room.config)
    maker.force = True
    maker.start()
    page = BeautifulSoup(
        (room.feedback(STUDENT, ASSIGNMENT) / f"{ASSIGNMENT}.html").read_text(), "html.parser"
    )
    assert page.select_one("aside.comment strong").text == "Well put."
    assert page.select_one("aside.comment math")
    assert not page.find("script")


@pytest.mark.parametrize("page", [safe_html, safe_markdown])
@pytest.mark.parametrize(
    "piece", ["<div>", "<b>", "> ", "[", "![a](", "**a*b", "$a$", "<!--", "&", "|a", "`a ", "\\("]
)
def test_text_without_end_or_depth_is_shown(page, piece):
    assert isinstance(page(piece * 2000), str)


def test_code_in_markdown_keeps_its_colours():
    page = BeautifulSoup(
        safe_markdown("```python\nif x: pass\n```\n<span class='good k'>x</span>"), "html.parser"
    )
    assert page.select_one(".highlight .k").text == "if"
    assert not page.select(".good")


def test_tables_keep_their_form():
    page = BeautifulSoup(
        safe_html("<table class='part'><thead><tr><th colspan=2>a</th></tr></thead></table>"), "html.parser"
    )
    assert str(page.th) == '<th colspan="2">a</th>'
    assert not page.table.attrs


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b]8;;https://example.com\x07link\x1b]8;;\x07", "link"),
        ("\x1b[2J\x1b[Ha\rb\n\tc", "a\rb\n\tc"),
        ("\x1bPx\x9b", "Px\x9b"),
    ],
)
def test_commands_to_a_terminal_go(text, plain):
    assert plain_text(text) == plain


def test_outputs_in_pieces_or_empty():
    odd = NotebookNode(output_type="display_data", data=NotebookNode({"text/plain": {"a": 1}}), metadata={})
    cell = new_code_cell("x")
    cell.outputs = [show({"text/html": ["<b>", "x</b>"]}), show({}), odd]
    tame([cell])
    assert json.loads(json.dumps(cell.outputs)) == [
        {"output_type": "display_data", "data": {"text/html": "<b>x</b>"}, "metadata": {}}
    ]


def test_markup_of_all_cells_together_is_bounded():
    table = new_output("display_data", data={"text/html": "<b>" * 5000})
    cells = [new_markdown_cell("a\n===\n" * 4000) for _ in range(20)]
    cells += [new_code_cell("x", outputs=[table] * 10)]
    tame(cells)
    shown = [cell.source for cell in cells[:-1]]
    shown += [output.data["text/html"] for output in cells[-1].outputs if "data" in output]
    assert 0.9 * MAX_MARKUP < sum(map(len, shown)) < 1.1 * MAX_MARKUP
    assert "left out" in cells[-1].outputs[-1].text
