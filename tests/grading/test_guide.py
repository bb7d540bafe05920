"""The numbers of the instructor guide are those of the stored measurement."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "book" / "guides" / "instructor.md").read_text(encoding="utf-8")
SPEED = json.loads((ROOT / "book" / "results" / "grading_speed.json").read_text(encoding="utf-8"))
NOTEBOOKS = SPEED["notebooks"]


def row(first: str) -> list[str]:
    """The cells of the row of a table that begins with these words."""
    [line] = [line for line in GUIDE.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_speed_beside_stock():
    for way, of in NOTEBOOKS["a1_convolution_1d"]["ways"].items():
        words = re.sub(r"^((?:stock|our) )?(nbgrader autograde|course_pkg grade)", r"\1`\2`", way)
        expected = []
        for notebook in ("a1_convolution_1d", "conv_layers"):
            ways = NOTEBOOKS[notebook]["ways"]
            stock, ours = ways["stock nbgrader autograde"]["per_minute"], ways[way]["per_minute"]
            expected += [f"{ours:.1f}", f"{ours / stock:.1f}".removesuffix(".0")]
        assert [cell.removesuffix(".0") if i % 2 else cell for i, cell in enumerate(row(words))] == expected
        assert of["submissions"] == (12 if way.startswith("stock") else 96)


def test_what_many_submissions_need():
    a1 = NOTEBOOKS["a1_convolution_1d"]
    seconds = a1["ways"]["course_pkg grade, 2 workers"]["processor_seconds"]
    assert row("processor time, all in all") == [f"{seconds:.2f} s", f"{seconds * 1e5 / 3600:.0f} core-hours"]
    stages = a1["stages"]
    writer = {
        "of it the one writer: repair": stages["repair"],
        "of it the one writer: gradebook, journal, page": stages["gradebook"] + stages["feedback"],
    }
    for words, seconds in writer.items():
        assert row(words) == [f"{seconds:.3f} s", f"{seconds * 1e5 / 3600:.1f} h"]
    shares = a1["stages"]["student"], a1["stages"]["tests"]
    for share in shares:
        assert f"{share / sum(stages.values()):.0%}".replace("%", " %") in GUIDE
    assert f"{sum(stages.values()):.2f} s" in GUIDE
