"""Formulas on a feedback page: drawn without a script, and no way in for one."""

import re
from xml.etree import ElementTree

import pytest

from course_pkg.grading.assignments import bank
from course_pkg.grading.reports.feedback import code_marked, safe_markdown
from course_pkg.grading.reports.formulas import mathml


def test_every_formula_of_the_assignment_can_be_drawn():
    cells = [c.source for c in bank.source_notebook("a1_convolution_1d").cells if c.cell_type == "markdown"]
    formulas = [
        a or b for text in cells for a, b in re.findall(r"\$\$(.+?)\$\$|\$([^$]+)\$", text, re.DOTALL)
    ]
    assert len(formulas) >= 10
    for tex in formulas:
        tree = ElementTree.fromstring(mathml(tex))
        assert tree.tag == "math"
        assert "\\" not in "".join(tree.itertext())


def test_what_a_fraction_becomes():
    page = str(safe_markdown("half of it, $\\frac{1}{2}$, and $$y[n]$$ below"))
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>" in page
    assert '<math display="inline">' in page
    assert '<math display="block">' in page


@pytest.mark.parametrize("tex", ["x {", "a & b", "\\begin{pmatrix} 1", "{" * 3000, "x^2^3"])
def test_bad_tex_stays_as_text(tex):
    page = str(safe_markdown(f"see ${tex}$ there"))
    assert page.startswith("<p>see <code>")
    assert page.endswith("</code> there</p>")


@pytest.mark.parametrize(
    "text",
    [
        "$</math><script>alert(1)</script>$",
        "$\\text{<img src=x onerror=alert(1)>}$",
        "$\\href{javascript:alert(1)}{x}$",
        "$x {<script>alert(1)</script>$",
        "<script>$x$</script>",
        '<img alt="$x {$" src="$y {$" onerror="alert(1)">',
        '![a $x {" onerror=alert(1) $](b)',
        '<a href="$javascript:alert(1)$" title="$x$">c</a>',
        "\ue0000\ue001 and &#xe000;7&#xe001;",
    ],
)
def test_no_way_in(text):
    page = str(safe_markdown(text))
    for tag in re.findall(r"<[^>]*>", page):
        assert not re.match(r"</?(script|style|iframe|object)", tag), page
        assert not re.search(r"\son\w+\s*=|=\"\s*javascript:", tag), page
    assert "\ue000" not in page


def test_code_in_a_message():
    assert str(code_marked("`a < b` and <b>")) == "<code>a &lt; b</code> and &lt;b&gt;"
