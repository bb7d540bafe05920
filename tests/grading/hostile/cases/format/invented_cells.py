"""Brings cells of its own that are worth a hundred points each.

covers: invented grade cells
loses: pad
"""

from nbformat.v4 import new_code_cell, new_markdown_cell


def submit(folder, notebook, fill):
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    claims = {
        "grade": True,
        "locked": True,
        "solution": False,
        "task": False,
        "points": 100,
        "schema_version": 3,
    }
    for name in ("bonus", "PAD", "pad "):
        notebook.cells.append(new_code_cell("100", metadata={"nbgrader": claims | {"grade_id": name}}))
    notebook.cells.append(
        new_markdown_cell("good", metadata={"nbgrader": claims | {"grade_id": "essay", "solution": True}})
    )
    return notebook
