"""The pages that grading makes, as a file opened on a desk and on a phone, light and dark."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.converters import GenerateFeedback

from course_pkg.__main__ import main
from course_pkg.grading.assignments.sample_class import ASSIGNMENT
from course_pkg.grading.classroom.classfolder import open_class

PAGES = {
    "feedback": f"feedback/kpatel/{ASSIGNMENT}/{ASSIGNMENT}.html",
    "report": f"reports/{ASSIGNMENT}.html",
    "similarity": f"reports/{ASSIGNMENT}_similarity.html",
}
SHOWN = {  # what is in the guide's pictures
    "feedback": "table, section.part .tests .bad",
    "report": "#parts svg, .facts b, #students td a",
    "similarity": "details.pair .same",
}
STICKING_OUT = """
() => [...document.querySelectorAll("main *")].filter((element) => {
  const box = element.getBoundingClientRect();
  if (!box.width || !element.checkVisibility() || box.right <= innerWidth + 1) return false;
  for (let e = element; e; e = e.parentElement)
    if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX)) return false;
  return true;
}).map((element) => element.outerHTML.slice(0, 80))
"""
# the lowest contrast between a text and the first opaque background behind it, with the text (WCAG 2.1)
CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const stack = [];
    for (let e = element; e; e = e.parentElement) stack.unshift(getComputedStyle(e).backgroundColor);
    return stack;
  };
  let worst = [21, ""];
  for (const element of document.querySelectorAll("main *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("svg, img")) continue;
    const a = light(rgb(...behind(element), getComputedStyle(element).color));
    const b = light(rgb(...behind(element)));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, element.outerHTML.slice(0, 120)];
  }
  return worst;
}
"""


@pytest.fixture(scope="module")
def folder(marked_class):
    copy = shutil.copytree(marked_class, marked_class.with_name("pages"))
    shutil.copytree(copy / "submitted" / "kpatel", copy / "submitted" / "twin")
    assert main(["similarity", ASSIGNMENT, "--class", str(copy)]) == 0
    yield copy
    shutil.rmtree(copy)


@pytest.fixture
def look(browser):
    """`look(path, width, theme)` opens a file; the test fails on errors and on every request."""
    contexts, complaints = [], []

    def opened(path, width=1440, theme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or complaints.append(r.url))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", PAGES)
def test_page_looks_well(folder, look, name, width, theme):
    page = look(folder / PAGES[name], width, theme)
    for details in page.locator("details").all():
        details.evaluate("e => { e.open = true }")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(STICKING_OUT) == []
    ratio, text = page.evaluate(CONTRAST)
    assert ratio > 4.5, text


@pytest.mark.parametrize("name", PAGES)
def test_pictures_in_the_guide_show_what_is_there(folder, look, picture, name):
    page = look(folder / PAGES[name])
    for selector in SHOWN[name].split(", "):
        assert page.locator(selector).first.is_visible(), selector
    picture(page, f"{name}_page")


def test_links_of_the_report_lead_to_feedback(folder, look):
    page = look(folder / PAGES["report"])
    page.locator("#students td a", has_text="Patel").click()
    assert page.locator("h1#top").inner_text() == ASSIGNMENT
    assert "Kavya Patel" in page.locator("main > p").first.inner_text()
    page.locator("a[href='#convolve']").click()
    assert page.locator("section.part#convolve").is_visible()


def test_a_hostile_notebook_does_nothing_in_its_feedback(folder, look):
    """Said in HTML by tests/grading/test_feedback_pages.py; here a browser opens the page."""
    path = folder / "autograded" / "mhassan" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    evil = "<script>document.title = 'pwned'</script><img src=x onerror='document.title = `pwned`'>"
    kinds = [
        "text/html",
        "text/markdown",
        "text/latex",
        "image/svg+xml",
        "application/javascript",
        "text/plain",
    ]
    notebook.cells += [
        new_code_cell("0", outputs=[new_output("display_data", data={kind: evil}) for kind in kinds]),
        new_markdown_cell(f"{evil} <form action='https://example.com'><button>go</button></form> still here"),
        new_code_cell(evil),
    ]
    nbformat.write(notebook, path)
    room = open_class(folder)
    maker = GenerateFeedback(coursedir=room.coursedir(ASSIGNMENT, "mhassan"), config=room.config)
    maker.force = True
    maker.start()
    page = look(folder / "feedback" / "mhassan" / ASSIGNMENT / f"{ASSIGNMENT}.html")
    assert page.get_by_text("still here").count() == 1
    assert page.locator("form, button").count() == 0
    assert page.title() == "Feedback for Maryam Hassan: a1_convolution_1d"
