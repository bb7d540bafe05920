"""What every figure of the course has in common: one palette, one size, alt text, both themes.

A figure function computes nothing it was not given, draws with Matplotlib, and returns a `Figure`. In a
notebook and in the book the `Figure` shows itself as inline SVG whose colours are CSS variables, so that one
stored output is legible in the light and in the dark theme (`book/_static/course.css` sets the dark ones).
"""

import hashlib
import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import matplotlib.figure
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

# colour-blind safe (after Okabe & Ito); a role keeps its colour in every figure of the book
INPUT = "#0072b2"  # blue: what goes in
KERNEL = "#d55e00"  # vermilion: the kernel, the weights
OUTPUT = "#00896b"  # green: what comes out
SECOND = "#aa5599"  # mauve: a second thing to compare with
MUTED = "#7f8590"  # grey: padding, unused cells, guides
TEXT = "#23262b"  # becomes the page's text colour
PAPER = "#fdfdfe"  # becomes the page's background colour

_VARIABLES = {
    INPUT: "var(--course-input, #0072b2)",
    KERNEL: "var(--course-kernel, #d55e00)",
    OUTPUT: "var(--course-output, #00896b)",
    SECOND: "var(--course-second, #aa5599)",
    MUTED: "var(--course-muted, #7f8590)",
    TEXT: "currentColor",
    PAPER: "var(--course-paper, #fdfdfe)",
}

# signed values: kernel colour below zero, paper at zero, input colour above
DIVERGING = LinearSegmentedColormap.from_list("course-diverging", [KERNEL, "#f7f7f7", INPUT])

_STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": TEXT,
    "axes.titlecolor": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=[INPUT, KERNEL, OUTPUT, SECOND, MUTED]),
    "lines.linewidth": 1.6,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "course",
    "path.simplify_threshold": 0.2,
}

WIDTH = 5.2  # inches: 10 pt text stays legible when the figure is squeezed to a phone's width


@dataclass(frozen=True)
class Figure:
    """A drawn figure and the sentence that says what it shows.

    Attributes
    ----------
    drawing : matplotlib.figure.Figure
        The Matplotlib figure.
    alt : str
        Alternative text: what a reader who cannot see the figure needs to know.

    Raises
    ------
    ValueError
        If `alt` is too short to say anything.
    """

    drawing: matplotlib.figure.Figure
    alt: str

    def __post_init__(self) -> None:
        if len(self.alt.split()) < 5:
            raise ValueError(f"alt: expected a sentence that says what the figure shows, got {self.alt!r}")

    def svg(self) -> str:
        """The figure as one `<svg>` element, themed by CSS variables, with ids of its own."""
        stream = io.StringIO()
        with matplotlib.rc_context(_STYLE):
            self.drawing.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        svg = stream.getvalue()
        svg = svg[svg.index("<svg") :]
        # Matplotlib's style sheet would apply to the whole page: say the same on the element itself
        svg = re.sub(r"<metadata>.*?</metadata>\s*|<style.*?</style>\s*", "", svg, flags=re.DOTALL)
        for colour, variable in _VARIABLES.items():
            svg = svg.replace(colour, variable)
        # ids must be unique on a page that holds many figures
        mark = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8] + "-"
        svg = re.sub(r'\bid="', f'id="{mark}', svg)
        svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{mark}", svg)
        label = html.escape(self.alt, quote=True)
        joins = "stroke-linejoin: round; stroke-linecap: butt"
        return svg.replace("<svg", f'<svg role="img" aria-label="{label}" style="{joins}"', 1)

    def _repr_html_(self) -> str:
        width = self.drawing.get_figwidth() / WIDTH * 36
        return f'<figure class="course-figure" style="max-width: {width:.0f}em">\n{self.svg()}\n</figure>'

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


@contextmanager
def drawing(
    rows: int = 1, columns: int = 1, *, height: float = 2.2, width: float = WIDTH, **subplots: Any
) -> Iterator[tuple[matplotlib.figure.Figure, list[Axes]]]:
    """A Matplotlib figure in the course's style, with its axes as a flat list.

    Parameters
    ----------
    rows, columns : int
        The grid of axes.
    height : float
        Height of the figure, in inches.
    width : float
        Width of the figure, in inches; wider ones shrink on a phone, so prefer more rows.
    **subplots
        Passed on to `matplotlib.figure.Figure.subplots`, for example ``sharex=True``.

    Examples
    --------
    >>> with drawing(height=2) as (figure, [axes]):
    ...     line = axes.plot([1, 3, 2])
    >>> Figure(figure, "A line through the values one, three and two.")
    Figure: A line through the values one, three and two.
    """
    with matplotlib.rc_context(_STYLE):
        figure = matplotlib.figure.Figure(figsize=(width, height))
        grid = figure.subplots(rows, columns, squeeze=False, **subplots)
        yield figure, list(grid.flat)
