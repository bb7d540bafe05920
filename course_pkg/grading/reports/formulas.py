"""TeX formulas in Markdown, written as MathML, which a browser draws without scripts or network."""

import html
import re
from collections.abc import Mapping
from xml.etree import ElementTree

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MATHML = "http://www.w3.org/1998/Math/MathML"
# what a formula may be made of; nothing here links, loads or runs
_TAGS = "math mrow mi mo mn mtext mspace msub msup msubsup mfrac msqrt mroot munder mover munderover"
_TAGS += " mtable mtr mtd mstyle mpadded mphantom menclose mfenced"
_ATTRIBUTES = (
    "display displaystyle scriptlevel mathvariant stretchy fence form separator symmetric minsize maxsize"
)
_ATTRIBUTES += (
    " largeop movablelimits lspace rspace width height depth linethickness columnalign accent notation"
)
_ALLOWED = {f"{{{MATHML}}}{tag}" for tag in _TAGS.split()}
_LONGEST = 2000  # characters of one formula
# a tag, or the place of a formula; the two marks are for private use, no text has a reason to hold them
_TAG_OR_PLACE = re.compile("<[^>]*>|\ue000(\\d+)\ue001")


def mathml(tex: str, display: str = "inline") -> str:
    """A formula as MathML; as the TeX that it is, in `<code>`, if it cannot be read.

    Parameters
    ----------
    tex : str
        Without its dollar signs.
    display : "inline" or "block"

    Examples
    --------
    >>> mathml("x")
    '<math display="inline"><mrow><mi>x</mi></mrow></math>'
    >>> mathml("x {")
    '<code>x {</code>'
    """
    try:
        if len(tex) > _LONGEST:
            raise ValueError(f"a formula of {len(tex)} characters")
        tree = ElementTree.fromstring(convert(tex, display=display))
        _strip(tree)
    except Exception:  # on TeX that it does not know the library raises whatever it stumbles over
        return f"<code>{html.escape(tex)}</code>"
    return ElementTree.tostring(tree, encoding="unicode")


def _strip(tree: ElementTree.Element) -> None:
    """Leave only what a formula needs; raises ValueError if something else is in it."""
    for element in tree.iter():
        if element.tag not in _ALLOWED:
            raise ValueError(f"{element.tag} in a formula")
        element.tag = element.tag.partition("}")[2]
        element.attrib = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES.split()}


class _Placeholders(IPythonRenderer):
    """Renders Markdown with a numbered place where each formula goes."""

    def __init__(self, pictures: Mapping[str, str]) -> None:
        super().__init__(escape=False)
        self.pictures = pictures
        self.formulas: list[str] = []

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if url.startswith("attachment:"):
            url = self.pictures.get(url.removeprefix("attachment:"), "")
        return super().image(text, url, title)

    def block_math(self, body: str) -> str:
        return self._keep(body, "block")

    def inline_math(self, body: str) -> str:
        return self._keep(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self._keep(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def _keep(self, tex: str, display: str) -> str:
        formula = mathml(tex, display)
        wide = f'<span class="formula">{formula}</span>'  # a box of its own, to scroll on a phone
        self.formulas.append(wide if display == "block" else formula)
        return f"\ue000{len(self.formulas) - 1}\ue001"


def render(source: str, pictures: Mapping[str, str] | None = None) -> tuple[str, list[str]]:
    """Markdown as HTML with places for its formulas, and the formulas as MathML.

    The HTML is as safe as the source; clean it before `put_back`.

    Parameters
    ----------
    source : str
        The Markdown.
    pictures : mapping from str to str, optional
        The pictures that a cell carries along, each as an address, by the name after ``attachment:``.

    Returns
    -------
    tuple of str and list of str
        The HTML, and the formulas in order.
    """
    places = _Placeholders(pictures or {})
    page = MarkdownWithMath(renderer=places).render(re.sub("[\ue000\ue001]", "", source))
    return page, places.formulas


def put_back(page: str, formulas: list[str]) -> str:
    """The HTML with each formula in its place.

    Examples
    --------
    >>> put_back(*render("so $x$"))
    '<p>so <math display="inline"><mrow><mi>x</mi></mrow></math></p>\\n'
    """

    def formula(found: re.Match[str]) -> str:
        if found[1] is None:  # inside a tag there is no room for one
            return re.sub("\ue000\\d+\ue001", "", found[0])
        return formulas[int(found[1])] if int(found[1]) < len(formulas) else ""

    return _TAG_OR_PLACE.sub(formula, page)
