"""A figure carries its alt text, follows the page's theme and shares no id with another figure."""

import re

import pytest

from course_pkg.plots import Figure, Interactive
from course_pkg.plots.figure import INPUT, KERNEL, TEXT, drawing


def a_line(values, alt="A line through a few values."):
    with drawing(height=2) as (figure, [axes]):
        axes.plot(values, color=KERNEL)
        axes.set_xlabel("position")
    return Figure(figure, alt)


def test_alt_text_is_on_the_drawing_and_escaped():
    html = a_line([1, 2], 'Quotes " and <tags> in five words')._repr_html_()
    assert 'aria-label="Quotes &quot; and &lt;tags&gt; in five words"' in html
    assert 'role="img"' in html


def test_alt_text_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match=r"alt: .* got 'a figure'"):
        a_line([1, 2], "a figure")


def test_colours_follow_the_theme():
    svg = a_line([1, 2]).svg()
    assert "var(--course-kernel" in svg
    assert "currentColor" in svg
    assert not re.search(rf"(fill|stroke): ({INPUT}|{KERNEL}|{TEXT})", svg)


def test_dark_theme_sets_every_colour_that_a_figure_uses(pytestconfig):
    css = (pytestconfig.rootpath / "book/_static/course.css").read_text()
    for name in re.findall(r"var\((--course-\w+)", a_line([1, 2]).svg()):
        assert f"{name}:" in css


def test_ids_are_unique_across_figures_and_references_resolve():
    one, other = a_line([1, 2]).svg(), a_line([1, 3]).svg()
    ids = re.findall(r'\bid="([^"]+)"', one)
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(re.findall(r'\bid="([^"]+)"', other))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', one)) <= set(ids)


def test_same_values_give_the_same_drawing():
    assert a_line([1, 2, 3]).svg() == a_line([1, 2, 3]).svg()


def test_style_does_not_leak_into_the_page():
    assert "<style" not in a_line([1, 2]).svg()


def test_interactive_figure_carries_settings_and_still():
    html = Interactive("slide", {"x": [1, 2], "name": 'a "b"'}, a_line([1, 2]))._repr_html_()
    assert 'data-figure="slide"' in html
    assert "&quot;x&quot;: [1, 2]" in html
    assert "<svg" in html
