"""Feedback pages: nbgrader's own, in a template that stands alone and without the hidden tests' source."""

import re
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from traitlets import List
from traitlets.config import Config

from course_pkg.checks.part import VERDICT_TYPE
from course_pkg.grading.reports.safe import plain_text, safe_html, safe_markdown, tame

TEMPLATES = Path(__file__).parent / "templates"

_HIDDEN = re.compile(
    r"^[^\n]*### BEGIN HIDDEN TESTS.*?(### END HIDDEN TESTS[^\n]*|\Z)", re.DOTALL | re.MULTILINE
)

Step = tuple[NotebookNode, dict[str, Any]]


class _PageStep(NbGraderPreprocessor):
    # the exporter sets it for every step, which complains if it does not know it
    display_data_priority = List(GetGrades.display_data_priority.default(), config=True)


class FeedbackExporter(HTMLExporter):
    """Has settings of its own: formgrader's pages come from nbconvert's `HTMLExporter`."""


class HideTests(_PageStep):
    """Leave the hidden tests' source, and whatever could quote it, out of a page.

    A test cell shows its verdict or, without one, the last line of an error; nothing else has one.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: dict[str, Any], index: int) -> Step:
        if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
            cell.source = _HIDDEN.sub("# hidden tests ran here", cell.source)
            resources.setdefault("verdicts", {})[cell.metadata.nbgrader.grade_id] = verdict_of(cell)
            errors = [output for output in cell.outputs if output.output_type == "error"]
            cell.outputs = errors[-1:] if verdict_of(cell) is None else []
            for error in cell.outputs:
                error.traceback = []
        return cell, resources


class Tame(_PageStep):
    """Make all that the student wrote and made safe to show, and small."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Step:
        tame(nb.cells)
        nb.metadata = NotebookNode()
        return nb, resources


class Marks(GetGrades):
    """nbgrader's marks and comments, which marks are still to come, the parts' titles, the student's name."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Step:
        nb, resources = super().preprocess(nb, resources)
        with self.gradebook:  # gives the connection back
            student = self.gradebook.find_student(self.student_id)
            name = f"{student.first_name or ''} {student.last_name or ''}".strip()
        resources["student_name"] = name or self.student_id
        title = ""
        for cell in nb.cells:
            if cell.cell_type == "markdown" and cell.source.startswith("## "):
                title = re.sub(r" \([^()]*\)$", "", heading(cell.source))
            if is_grade(cell):
                cell.metadata.nbgrader.title = title or cell.metadata.nbgrader.grade_id
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: dict[str, Any], index: int) -> Step:
        cell, resources = super().preprocess_cell(cell, resources, index)
        if is_grade(cell):
            name = cell.metadata.nbgrader.grade_id
            grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
            cell.metadata.nbgrader.pending = grade.manual_score is None and grade.auto_score is None
            resources["pending"] = resources.get("pending") or cell.metadata.nbgrader.pending
        return cell, resources


class PageStyle(_PageStep):
    """The page's style sheet, with colours for code in both themes, for the template."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Step:
        light = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
        dark = HtmlFormatter(style="a11y-high-contrast-dark").get_style_defs(".highlight")
        page = (TEMPLATES / "page.css").read_text(encoding="utf-8")
        for cell in nb.cells:
            cell.metadata["alt"] = "what the code above draws"  # for images that say nothing better
        resources["page_css"] = f"{page}{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
        return nb, resources


def verdict_of(cell: NotebookNode) -> dict[str, Any] | None:
    """The verdict in a cell's outputs; None if there is none, or if the cell is not one of tests.

    What a student's cell shows under the verdict's type is none.
    """
    if cell.cell_type != "code" or not is_grade(cell) or is_solution(cell):
        return None
    found = [output.data[VERDICT_TYPE] for output in cell.outputs if VERDICT_TYPE in output.get("data", {})]
    return found[-1] if found else None


def code_marked(message: str) -> Markup:
    """One line of text as HTML, with what stands in backticks as code.

    Examples
    --------
    >>> print(code_marked("at its line `y[i] < 3`"))
    at its line <code>y[i] &lt; 3</code>
    """
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(plain_text(message)))))


def heading(source: str) -> str:
    """The text of the heading that a markdown cell begins with; empty if it begins otherwise.

    Examples
    --------
    >>> heading("## Part 1 · Flips\\nand so on"), heading("So on")
    ('Part 1 · Flips', '')
    """
    first = source.lstrip().partition("\n")[0]
    return first.lstrip("#").strip() if first.startswith("#") else ""


@pass_context
def _markdown_of_cell(context: Context, source: str) -> Markup:
    cell = context.get("cell") or {}
    return safe_markdown(source, cell.get("attachments"))


def configure(config: Config) -> None:
    """Set, in an nbgrader configuration, how this course grades and gives feedback.

    Call it in an nbgrader_config.py, so that nbgrader's own commands and formgrader do the same.

    Examples
    --------
    >>> config = Config()
    >>> configure(config)
    >>> config.FeedbackExporter.template_name, config.HTMLExporter.sanitize_html
    ('course_feedback', True)
    """
    # a test cell that the student deleted comes back, and is run
    config.OverwriteCells.add_missing_cells = True
    config.GenerateFeedback.preprocessors = [HideTests, Tame, Marks, PageStyle]
    config.GenerateFeedback.exporter_class = FeedbackExporter
    config.FeedbackExporter.template_name = "course_feedback"
    config.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
    config.FeedbackExporter.filters = {
        "safe_markdown": safe_markdown,
        "safe_html": safe_html,
        "heading": heading,
        "code_marked": code_marked,
    }
    # formgrader, too, shows what students made, in a page that may change grades
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": _markdown_of_cell}
