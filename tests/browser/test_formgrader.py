"""nbgrader's formgrader on a graded class, as an instructor uses it: look, mark, comment, give feedback."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course_pkg.__main__ import main
from course_pkg.grading.assignments.sample_class import ASSIGNMENT

# nbconvert draws formulas with a script from here; without a network they stay TeX
MATHJAX = "https://cdnjs.cloudflare.com/"


@pytest.fixture(scope="module")
def folder(marked_class):
    copy = shutil.copytree(marked_class, marked_class.with_name("by-hand"))
    yield copy
    shutil.rmtree(copy)


@pytest.fixture(scope="module")
def formgrader(folder, tmp_path_factory):
    """The address of formgrader on the class, and its token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token, home = secrets.token_hex(16), tmp_path_factory.mktemp("home")
    places = {"HOME": home, "JUPYTER_RUNTIME_DIR": home, "JUPYTER_DATA_DIR": home, "JUPYTER_CONFIG_DIR": home}
    log = home / "server.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "course_pkg",
                "formgrader",
                "--class",
                folder,
                "--port",
                str(port),
                "--no-browser",
            ],
            env=os.environ | {name: str(place) for name, place in places.items()} | {"JUPYTER_TOKEN": token},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(server, f"{address}/formgrader/manage_assignments?token={token}", log)
        yield address, token
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    assert "Traceback" not in log.read_text()


def wait_for(server, address, log):
    for _ in range(600):
        try:
            with urllib.request.urlopen(address) as reply:
                assert reply.status == 200
                return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
    pytest.fail(f"formgrader did not start: {log.read_text()}")


@pytest.fixture
def page(browser, formgrader):
    """An instructor's page, signed in; the test fails on errors and on requests off this machine."""
    address, token = formgrader
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=address)
    page, complaints = context.new_page(), []

    def said(message):
        if message.type == "error" and not message.location["url"].startswith((MATHJAX, "data:")):
            complaints.append(message.text)

    def asked(request):
        if not request.url.startswith((address, "data:", MATHJAX)):
            complaints.append(request.url)

    page.on("console", said)
    page.on("request", asked)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    context.route(f"{MATHJAX}**", lambda route: route.abort())
    page.goto(f"/formgrader?token={token}")
    yield page
    context.close()
    assert [c for c in complaints if c != "MathJax is not defined"] == []


def open_submission(page, name):
    page.goto(f"/formgrader/gradebook/{ASSIGNMENT}/{ASSIGNMENT}")
    page.locator("td.score").first.wait_for()
    page.get_by_text("Show All Names").click()
    page.locator("a.name-shown", has_text=name).click()
    page.locator("textarea.comment").last.wait_for()


def test_a_folder_that_is_no_class(tmp_path, capsys):
    assert main(["formgrader", "--class", str(tmp_path)]) == 2
    assert "has no submitted/ folder" in capsys.readouterr().err


def test_without_the_token_nothing_is_shown(browser, formgrader):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{formgrader[0]}/formgrader/gradebook")
    assert "/login" in page.url
    assert page.content().count(ASSIGNMENT) <= page.url.count(ASSIGNMENT)
    context.close()


def test_lists_the_assignments(page):
    page.wait_for_url("**/formgrader/manage_assignments")
    row = page.locator("tbody tr", has_text=ASSIGNMENT)
    row.wait_for()
    assert row.locator(".num-submissions").inner_text() == "15"


def test_lists_the_submissions_that_wait(page, picture):
    page.goto(f"/formgrader/gradebook/{ASSIGNMENT}/{ASSIGNMENT}")
    page.locator("td.score").first.wait_for()
    assert page.locator("a.name-hidden").all_inner_texts() == [f"Submission #{i}" for i in range(1, 16)]
    assert (
        page.locator("td.needs-manual-grade[data-search='needs manual grade']").count() == 13
    )  # two left it as it was
    picture(page, "formgrader_submissions")


def test_takes_a_mark_and_a_comment_and_feedback_carries_both(page, folder, picture):
    open_submission(page, "Yılmaz")
    mark = page.locator("input.score#in-your-own-words")
    page.locator("input.score.needs_manual_grade#in-your-own-words").wait_for()
    assert page.locator("input.score").count() == 10
    comment = page.locator("textarea.comment#in-your-own-words-comment")
    mark.scroll_into_view_if_needed()
    with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT") as answer:
        mark.fill("3.5")
        mark.press("Tab")
    assert answer.value.status == 200
    with page.expect_response(lambda r: "/api/comment/" in r.url and r.request.method == "PUT") as answer:
        comment.fill("Well seen. Say *why* the **updates** are flips, too.")
        comment.blur()
    assert answer.value.status == 200
    comment.evaluate("e => window.scrollTo(0, e.getBoundingClientRect().top + scrollY - 650)")
    picture(page, "formgrader_mark")
    page.reload()
    page.locator("textarea.comment").last.wait_for()
    page.wait_for_function("document.querySelector('#in-your-own-words').value === '3.5'")
    assert "needs_manual_grade" not in page.locator("input.score#in-your-own-words").get_attribute("class")

    assert main(["grade", ASSIGNMENT, "--class", str(folder)]) == 0
    path = folder / "feedback" / "eyilmaz" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    given = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    part = given.find(id="in-your-own-words")
    assert re.sub(r"\s+", " ", part.header.span.text).startswith("3.5 / 4")
    assert part.select_one("aside.comment strong").text == "updates"
    assert "so far" not in given.select_one("main").find_all("p")[1].text
    report = (folder / "reports" / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert "34.5" in report


ATTACKS = [
    {"text/html": "<script>window.pwned = 1; alert(1)</script><img src=x onerror='window.pwned = 2'>"},
    {"application/javascript": "window.pwned = 3"},
    {"text/html": "<svg onload='window.pwned = 4'></svg><a href='javascript:pwned=5' id='bait'>bait</a>"},
    {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned = 6'></svg>"},
    {"text/markdown": "<script>window.pwned = 7</script><img src=x onerror='window.pwned = 8'>"},
    {"text/latex": "<script>window.pwned = 9</script>"},
    {"image/png": 'x" onerror="window.pwned = 10'},
    {"application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>window.pwned = 11</script>"}},
]


def test_what_a_student_made_does_nothing_in_the_instructors_page(page, folder):
    """The page that shows it may change grades."""
    path = folder / "autograded" / "kpatel" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    outputs = [new_output("display_data", data=data) for data in ATTACKS]
    outputs[0].metadata = {"text/html": {"isolated": True}}
    notebook.cells += [
        new_code_cell("0", outputs=outputs),
        new_code_cell("</script><script>window.pwned = 12</script>"),
        new_markdown_cell(
            "still here <script>window.pwned = 13</script> <img src=x onerror='window.pwned = 14'>"
        ),
    ]
    answer = next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "in-your-own-words"
    )
    answer.source = "my answer <img src=x onerror='window.pwned = 15'>"
    nbformat.write(notebook, path)
    open_submission(page, "Patel")
    page.get_by_text("still here").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.pwned") is None
    frames = [frame.evaluate("window.pwned ?? null") for frame in page.frames]
    assert frames == [None] * len(frames)
    assert page.locator("math msup").count() >= 1  # without MathJax
    assert page.locator("#bait").get_attribute("href") is None
