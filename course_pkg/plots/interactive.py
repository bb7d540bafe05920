"""A place in the page where one of the book's JavaScript figures comes alive.

The figure's code lives in `book/_static/figures/NAME.js`. In the book it replaces the still stored here;
without JavaScript, in Jupyter, or in print the still remains.
"""

import html
import json
from dataclasses import dataclass
from typing import Any

from course_pkg.plots.figure import Figure


@dataclass(frozen=True)
class Interactive:
    """An interactive figure: its name, its starting settings, and the still that stands in for it.

    Attributes
    ----------
    name : str
        The figure's name, as registered by its JavaScript file.
    settings : dict
        Starting values, as plain JSON data.
    still : Figure
        What is shown where JavaScript does not run.
    """

    name: str
    settings: dict[str, Any]
    still: Figure

    def _repr_html_(self) -> str:
        settings = html.escape(json.dumps(self.settings, sort_keys=True), quote=True)
        return (
            f'<div class="course-interactive" data-figure="{self.name}" data-settings="{settings}">\n'
            f"{self.still._repr_html_()}\n</div>"
        )

    def __repr__(self) -> str:
        return f"Interactive figure {self.name}: {self.still.alt}"
