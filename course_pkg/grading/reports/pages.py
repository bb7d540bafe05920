"""The feedback pages of many students, one after the other, without doing the same work for each.

They are the pages that `nbgrader generate_feedback` makes. But most cells are the same in every submission,
so what they look like is remembered, and templates are compiled once.
"""

import contextlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.html import WidgetsDataTypeFilter
from nbconvert.filters.highlight import Highlight2HTML
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback

from course_pkg.grading.reports.feedback import FeedbackExporter

REMEMBERED = 2000  # cells, for each way of showing one


class Pages(GenerateFeedback):
    """nbgrader's converter, which keeps its exporter from one student to the next."""

    _started = False

    def start(self) -> None:
        """Make the pages of the student whose id the course directory holds."""
        if not self._started:
            self.exporter_class = _PagesExporter
            super().start()
            self._started = True
            return
        self.init_notebooks()
        with contextlib.chdir(self.coursedir.root):
            self.convert_notebooks()


class _PagesExporter(FeedbackExporter):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._coloured = lru_cache(REMEMBERED)(self._highlight)
        for name in ("clean_html", "safe_markdown"):
            self.register_filter(name, _remembering(self.environment.filters[name]))

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **settings: Any
    ) -> Any:
        resources = self._init_resources(resources)
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        self.register_filter("highlight_code", lambda source, metadata=None: self._coloured(lexer, source))
        by_type = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", by_type)
        # not HTMLExporter's own: it parses the whole page again to add what our template has already
        return super(HTMLExporter, self).from_notebook_node(nb, resources, **settings)

    def _highlight(self, lexer: str | None, source: str) -> str:
        return Highlight2HTML(pygments_lexer=lexer, parent=self)(source)


def _remembering(function: Callable[..., str]) -> Callable[..., str]:
    """The same function, with a memory for calls whose arguments can be told apart by a hash."""
    remembered = lru_cache(REMEMBERED)(function)

    def call(source: str, *more: Any) -> str:
        # attachments are a mapping, which has no hash; they are rare, and empty is none
        more = tuple(argument for argument in more if argument)
        return function(source, *more) if more else remembered(source)

    return call
