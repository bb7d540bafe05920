"""Outputs of a student's cells as they may stand in a notebook: known kinds only, rebuilt."""

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

# what a page can show without running anything; a part's verdict is not among them: only tests give those
SHOWN = frozenset(
    ["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml"]
)


def clean(outputs: list[Any]) -> list[NotebookNode]:
    """The outputs rebuilt from the fields that belong to them; whatever else came is left out.

    Examples
    --------
    >>> clean([{"output_type": "stream", "name": "stdout", "text": "hello"}, {"output_type": "odd"}])
    [{'output_type': 'stream', 'name': 'stdout', 'text': 'hello'}]
    """
    return [made for output in outputs if (made := _clean(output)) is not None]


def error(name: str, message: str) -> NotebookNode:
    """An error output that says one line.

    Examples
    --------
    >>> error("TimeOver", "30 seconds are over").evalue
    '30 seconds are over'
    """
    return new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])


def size(content: object) -> int:
    """About how many characters an output's content will take.

    Examples
    --------
    >>> size({"text": "hello"})
    9
    """
    if isinstance(content, str):
        return len(content)
    if isinstance(content, dict):
        return sum(size(key) + size(value) for key, value in content.items())
    if isinstance(content, list):
        return sum(map(size, content))
    return 8


def cell_number(value: object) -> int | None:
    """How many cells had run, as a notebook may say it; None for what is no such number.

    Examples
    --------
    >>> cell_number(3), cell_number(True), cell_number(-1), cell_number(2.5)
    (3, None, None, None)
    """
    return value if type(value) is int and 0 <= value < 10**9 else None


def _clean(output: Any) -> NotebookNode | None:
    if not isinstance(output, dict):
        return None
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        return new_output("stream", name=output["name"], text=_text(output.get("text")))
    if kind == "error":
        lines = output.get("traceback")
        return new_output(
            "error",
            ename=_text(output.get("ename")),
            evalue=_text(output.get("evalue")),
            traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
        )
    if kind in ("display_data", "execute_result"):
        data = output.get("data")
        shown = {m: _text(v) for m, v in data.items() if m in SHOWN} if isinstance(data, dict) else {}
        if not shown:
            return None
        number = {"execution_count": cell_number(output.get("execution_count"))}
        return new_output(kind, data=shown, **(number if kind == "execute_result" else {}))
    return None


def _text(value: object) -> str:
    """Text that can be written to a file; halves of characters, which cannot, become question marks."""
    lines = value if isinstance(value, list) else [value]
    text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "replace").decode("utf-8")
