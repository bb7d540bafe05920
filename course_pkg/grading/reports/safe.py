"""What a student wrote or made, in a form that a page can show: it runs nothing, loads nothing, looks like
nothing of the page's own, and stays small.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import bleach  # type: ignore[import-untyped]
from markupsafe import Markup
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_pkg.grading.reports import formulas

_LINK = re.compile(r"https?://|mailto:|#", re.IGNORECASE)  # where a link may lead; never to data:
MAX_SOURCE = 30_000  # characters of one cell's source
MAX_TEXT = 20_000  # characters of one text output, of a table, of an error
MAX_IMAGE = 1_000_000  # characters of one image
MAX_OUTPUTS = 50  # of one cell
MAX_PAGE = 3_000_000  # characters of all sources and outputs together
MAX_MARKUP = 200_000  # of all Markdown and HTML: to read it safely takes up to 0.2 s for 1,000

_TAGS = "a p br hr h1 h2 h3 h4 h5 h6 em strong b i u del sub sup code pre span div blockquote ul ol li img "
_TAGS += "table caption thead tbody tfoot tr th td"
_LEFT_OUT = re.compile(
    r"<(script|style|template|noscript|iframe|svg|math)\b.*?(</\1\s*>|\Z)", re.DOTALL | re.I
)
_COLOUR_OF_CODE = re.compile(r"highlight|hl-\w+|[a-z]{1,2}\d?")  # classes that the highlighter gives
# colours become HTML later; every other command to a terminal, and what no page can hold, goes
_TERMINAL = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|\Z)|\x1b\[[0-9;?]*[a-ln-zA-Z@`]|\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]"
)
_TEXTS = ("text/latex", "text/plain")
_IMAGES = ("image/png", "image/jpeg", "image/svg+xml")
_PHOTOS = ("image/png", "image/jpeg", "image/gif", "image/webp")
_MARKUP = ("text/html", "text/markdown")


def safe_html(source: str) -> Markup:
    """HTML without scripts, styles, forms, frames, ids and classes; only images that stand in it.

    Examples
    --------
    >>> print(safe_html("<b class='good' onclick='x()'>yes</b><style>p {}</style>"))
    <b>yes</b>
    """
    return Markup(_clean(_LEFT_OUT.sub("", source)).strip())


def safe_markdown(source: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> Markup:
    """Markdown as HTML that can neither run anything nor load anything; its formulas become MathML.

    Parameters
    ----------
    source : str
        The Markdown; what is longer than `MAX_SOURCE` is cut in its middle.
    attachments : mapping, optional
        The pictures of the cell that it stands in, as nbformat keeps them.

    Examples
    --------
    >>> print(safe_markdown("*so* <script>alert(1)</script>"))
    <p><em>so</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>
    """
    pictures = {
        name: f"data:{kind};base64,{content}"
        for name, contents in (attachments or {}).items()
        for kind, content in contents.items()
    }
    unsafe, maths = formulas.render(_short(source, MAX_SOURCE), pictures)
    return Markup(formulas.put_back(_clean(unsafe), maths).strip())


def plain_text(text: object) -> str:
    """Text without commands to a terminal; those that set colours stay.

    Examples
    --------
    >>> plain_text("\\x1b[2J\\x1b[31mred\\x1b[0m\\x07")
    '\\x1b[31mred\\x1b[0m'
    """
    return _TERMINAL.sub("", "".join(text) if isinstance(text, list) else str(text))


def tame(cells: Iterable[NotebookNode]) -> None:
    """Cut the cells' sources and outputs to what a page can show, and say where something is left out.

    Outputs keep one form each: an image, a table, or text. Metadata goes, but for nbgrader's.
    """
    left, markup = MAX_PAGE, MAX_MARKUP
    for cell in cells:
        most = min(MAX_SOURCE, left)
        if cell.cell_type == "markdown":
            most = min(most, max(0, markup))
        cell.source = _short(cell.source, most)
        left -= len(cell.source)
        if cell.cell_type == "markdown":
            markup -= len(cell.source)
        cell.metadata = NotebookNode(
            {"nbgrader": cell.metadata.nbgrader} if "nbgrader" in cell.metadata else {}
        )
        if "attachments" in cell:
            cell.attachments, taken = _pictures(cell.attachments, left)
            left -= taken
        if cell.cell_type == "code":
            shown = []
            for output in cell.outputs[:MAX_OUTPUTS]:
                made = _tamed(output, left, markup)
                shown += [made] if made else []
                left -= _length(made) if made else 0
                texts = made.get("data", {}) if made else {}
                markup -= sum(len(texts[kind]) for kind in _MARKUP if kind in texts)
            if len(cell.outputs) > MAX_OUTPUTS:
                shown.append(_note(f"{len(cell.outputs) - MAX_OUTPUTS} more outputs"))
            cell.outputs = shown


def _pictures(attachments: Mapping[str, Any], left: int) -> tuple[NotebookNode, int]:
    """The pictures among a cell's attachments that are not too large, and how long they are together."""
    kept, taken = NotebookNode(), 0
    for name, contents in attachments.items():
        for kind, content in contents.items():
            if kind in _PHOTOS and isinstance(content, str) and len(content) <= min(MAX_IMAGE, left - taken):
                kept[name] = {kind: content}
                taken += len(content)
    return kept, taken


def _tamed(output: NotebookNode, left: int, markup: int) -> NotebookNode | None:
    if output.output_type == "stream":
        return new_output(
            "stream", name=output.name, text=_short(plain_text(output.text), min(MAX_TEXT, left))
        )
    if output.output_type == "error":
        lines = _short(plain_text("\n".join(map(str, output.traceback))), min(MAX_TEXT, left))
        return new_output(
            "error",
            ename=_short(plain_text(output.ename), 100),
            evalue=_short(plain_text(output.evalue), 500),
            traceback=lines.split("\n"),
        )
    data = {kind: "".join(value) for kind, value in output.data.items() if isinstance(value, str | list)}
    for kind in (*_IMAGES, *_MARKUP):
        if kind in data:
            if len(data[kind]) > min(MAX_IMAGE if kind in _IMAGES else min(MAX_TEXT, markup), left):
                return _note(f"{kind} of {len(data[kind])} characters")
            return new_output("display_data", data={kind: data[kind]}, metadata=_words(output))
    for kind in _TEXTS:
        if kind in data:
            text = _short(plain_text(data[kind]), min(MAX_TEXT, left))
            return new_output("display_data", data={"text/plain": text})
    return None


def _words(output: NotebookNode) -> dict[str, dict[str, str]]:
    """What the output says of its image in words, as metadata."""
    found = output.get("metadata", {}).get("image/png", {})
    alt = found.get("alt") if isinstance(found, dict) else None
    return {"image/png": {"alt": _short(alt, 500)}} if isinstance(alt, str) else {}


def _clean(page: str) -> str:
    return bleach.clean(
        page,
        tags=_TAGS.split(),
        attributes={
            "a": lambda _, name, value: name == "href" and bool(_LINK.match(value)),
            "img": lambda _, name, value: (
                name == "alt" or (name == "src" and value.startswith("data:image/"))
            ),
            "span": _is_colour_of_code,
            "div": _is_colour_of_code,
            "td": ["colspan", "rowspan"],
            "th": ["colspan", "rowspan"],
        },
        protocols=["http", "https", "mailto", "data"],
    )


def _is_colour_of_code(_: str, name: str, value: str) -> bool:
    return name == "class" and all(_COLOUR_OF_CODE.fullmatch(word) for word in value.split())


def _short(text: str, most: int) -> str:
    """The text, or its beginning and its end, and in between how much is left out."""
    if len(text) <= most:
        return text
    half = max(0, most) // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[len(text) - half :]}"


def _note(what: str) -> NotebookNode:
    return new_output("stream", name="stdout", text=f"… {what} left out …")


def _length(output: NotebookNode) -> int:
    return (
        len(str(output.get("text", "")))
        + sum(map(len, output.get("traceback", [])))
        + sum(len(value) for value in output.get("data", {}).values())
    )
