"""Test cells were rewritten to give full marks.

covers: edited test cells
loses: pad
says: pad
"""


def submit(folder, notebook, fill):
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "pad":
            cell.source = "5.0"
    return notebook
