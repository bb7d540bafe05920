"""A test cell was deleted; it comes back and is run.

covers: missing test cells
loses: pad
says: pad
"""


def submit(folder, notebook, fill):
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "pad"]
    return notebook
