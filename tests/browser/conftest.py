"""A browser that looks at the built book as a reader does, and complains as a reader would."""

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
# another folder can be named, so that several builds of the book can be looked at side by side
HTML = Path(os.environ.get("COURSE_HTML", ROOT / "_build" / "html"))
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


@pytest.fixture
def page(browser, site):
    """A page at desktop width; the test fails on whatever `watch` finds."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints = watch(page, site)
    yield page
    context.close()
    assert not complaints, "\n".join(complaints)
