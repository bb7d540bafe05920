"""The cell that should hold the answer was deleted, and with it the answer.

covers: missing test cells
loses: pad
says: pad-code
"""


def submit(folder, notebook, fill):
    notebook.cells = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "pad-code"
    ]
    return notebook
