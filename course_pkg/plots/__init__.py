"""Every figure of the book, drawn in one style from values that the chapter computed."""

from course_pkg.plots.figure import Figure
from course_pkg.plots.interactive import Interactive

__all__ = ["Figure", "Interactive"]
