"""Every page of the book opens on a desk and on a phone, light and dark, without error or network."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
CHAPTERS = [chapter for part in TOC["parts"] for chapter in part["chapters"]]
SECTIONS = [section for chapter in CHAPTERS for section in chapter.get("sections", [])]
PAGES = [TOC["root"], *(page["file"] for page in CHAPTERS + SECTIONS)]
SCREENS = [(1440, "light"), (390, "dark")]  # how wide it is, and the theme it is opened in

# elements that stick out of the page, unless something around them scrolls or hides them
STICKING_OUT = """
() => [...document.querySelectorAll("main *")].filter((element) => {
  const box = element.getBoundingClientRect();
  if (!box.width || box.right <= innerWidth + 1) return false;
  for (let e = element; e; e = e.parentElement)
    if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX)) return false;
  return true;
}).map((element) => element.outerHTML.slice(0, 80))
"""
# the text and the panel behind a figure or a box among the outputs: as [r, g, b] each, as the reader's screen
# shows them
COLOURS = """
() => {
  const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const opaque = (element) => (rgb(getComputedStyle(element).backgroundColor)[3] ?? 1) > 0;
  const shown = [...document.querySelectorAll("figure.course-figure svg, .cell_output .admonition p")];
  return shown.filter((element) => element.checkVisibility()).map((element) => {
    let behind = element;
    while (behind.parentElement && !opaque(behind)) behind = behind.parentElement;
    const colours = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
    return colours.map((colour) => rgb(colour).slice(0, 3));
  });
}
"""


def contrast(first, second):
    """Contrast ratio of two sRGB colours, from 1 to 21 (WCAG 2.1)."""

    def luminance(colour):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(
    scope="module",
    params=[(name, *screen) for name in PAGES for screen in SCREENS],
    ids=lambda param: "-".join(map(str, param)),
)
def opened(request, visit, site):
    """A page opened on one screen, for all the tests of that page, and that screen's width."""
    name, width, theme = request.param
    with visit() as page:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.goto(f"{site}/{name}.html", wait_until="load")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        if page.locator("main .math").count():
            page.wait_for_function("window.MathJax?.startup?.promise?.then(() => true)")
        yield page, width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_looks_well(opened, theme):
    page, width = opened
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    assert page.locator("article h1").first.is_visible()
    assert page.evaluate(STICKING_OUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(contrast(*pair) > 4.5 for pair in page.evaluate(COLOURS)), "text on its panel"


def test_every_picture_says_what_it_shows(opened):
    page, _ = opened
    labels = page.locator("figure.course-figure svg, .course-interactive > svg").evaluate_all(
        "pictures => pictures.map((picture) => picture.getAttribute('aria-label'))"
    )
    assert all(label and len(label.split()) >= 5 for label in labels), labels
    assert page.locator("main img:not([alt]), main img[alt='']").count() == 0


def test_formulas_are_set_without_the_network(opened):
    page, _ = opened
    assert page.locator("main .math:not(:has(mjx-container))").count() == 0
    assert page.locator("main mjx-merror").count() == 0
