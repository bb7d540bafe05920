"""A browser that looks at the built book as a reader does, and complains as a reader would."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from course_pkg.__main__ import main

ROOT = Path(__file__).parents[2]
# another folder can be named, so that several builds of the book can be looked at side by side
HTML = Path(os.environ.get("COURSE_HTML", ROOT / "_build" / "html"))
IMAGES = ROOT / "book" / "guides" / "images"
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Says nothing: the tests say what failed."""


@pytest.fixture(scope="session")
def html():
    """The folder of the built book; builds it if it is not there."""
    if not (HTML / "index.html").exists():
        build = [sys.executable, "-m", "jupyter_book", "build", ".", "--path-output", HTML.parents[1]]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return HTML


@pytest.fixture(scope="session")
def site(html):
    """The address of the built book, served on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=html))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium, as installed on this machine."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("the browser tests need Chromium on the PATH: `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


def watch(page, site):
    """A list that fills with what must not happen on a page: errors, failed requests, requests elsewhere."""
    complaints = []
    home = urlsplit(site).netloc

    def asked(request):
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != home:
            complaints.append(f"request off the machine: {request.url}")

    page.on(
        "console", lambda message: message.type == "error" and complaints.append(f"console: {message.text}")
    )
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on("requestfailed", lambda request: complaints.append(f"request failed: {request.url}"))
    page.on("response", lambda r: r.status >= 400 and complaints.append(f"status {r.status}: {r.url}"))
    page.on("request", asked)
    return complaints


@pytest.fixture(scope="session")
def context(browser):
    """One reader with a desktop, who opens pages one after the other; what was fetched once is kept."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="session")
def visit(context, site):
    """`with visit() as page:` opens an empty page; on leaving, it fails on whatever `watch` found."""

    @contextmanager
    def visited():
        page = context.new_page()
        complaints = watch(page, site)
        yield page
        page.close()
        assert not complaints, "\n".join(complaints)

    return visited


@pytest.fixture
def page(visit):
    """A page at desktop width; the test fails on whatever `watch` finds."""
    with visit() as page:
        yield page


SLIDE = """(root, values) => {
  for (const [text, value] of Object.entries(values)) {
    const labels = [...root.querySelectorAll("label")].filter((label) => label.textContent.includes(text));
    if (labels.length !== 1) throw new Error(`${labels.length} labels say ${text}`);
    const slider = labels[0].querySelector("input");
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""


class Figure:
    """An interactive figure of an open page; what is not found here is asked of its locator."""

    def __init__(self, root):
        self.root = root

    def __getattr__(self, name):
        return getattr(self.root, name)

    def state(self):
        """What it is set to and shows."""
        return json.loads(self.root.get_attribute("data-state"))

    def settings(self):
        """What the chapter gave it to start with."""
        return json.loads(self.root.get_attribute("data-settings"))

    def set(self, given):
        """Set it from outside, past its controls."""
        self.root.evaluate("(root, given) => root.course.set(given)", given)

    def slide(self, values):
        """Move sliders, {label: value}, as a hand does: each input changes and says so."""
        self.root.evaluate(SLIDE, values)

    def focused(self, selector):
        """Whether the keyboard is at this part of it."""
        return self.root.locator(selector).evaluate("part => part === document.activeElement")


@pytest.fixture(scope="session")
def chapters(html):
    """The pages with interactive figures: {name of the figure: address of its page within the book}."""
    found = {}
    for path in sorted(html.rglob("*.html")):
        for name in re.findall(r'class="course-interactive" data-figure="(\w+)"', path.read_text()):
            found.setdefault(name, path.relative_to(html).as_posix())
    return found


@pytest.fixture(scope="session")
def find(site, chapters):
    """`find(page, name)` opens the chapter of these interactive figures and returns them, ready."""

    def found(page, name):
        page.goto(f"{site}/{chapters[name]}")
        return [Figure(root) for root in page.locator(f".course-interactive.ready[data-figure={name}]").all()]

    return found


@pytest.fixture
def figures(request, page, find):
    """The interactive figures that the test module names FIGURE."""
    return find(page, request.module.FIGURE)


@pytest.fixture
def figure(figures):
    """The only interactive figure of that name."""
    (figure,) = figures
    return figure


@pytest.fixture(scope="session")
def marked_class(tmp_path_factory, worker_id):
    """The folder of the sample class, graded. Leave it as it was: change a copy."""
    base = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        base = base.parent  # workers that run side by side share one class
    folder, done = base / "marked", base / "marked-is-graded"
    with FileLock(base / "marked.lock"):
        if not done.exists():
            assert main(["sample-class", str(folder)]) == 0
            assert main(["grade", "a1_convolution_1d", "--class", str(folder)]) == 0
            done.touch()
    return folder


@pytest.fixture(scope="session")
def picture():
    """`picture(page, name)` stores what a page shows for the guide, if STORE_SCREENSHOTS is set."""

    def taken(page, name):
        path = IMAGES / f"{name}.png"
        if os.environ.get("STORE_SCREENSHOTS"):
            page.screenshot(path=path)
        assert path.stat().st_size < 150_000, path
        assert path.read_bytes().startswith(b"\x89PNG")

    return taken
