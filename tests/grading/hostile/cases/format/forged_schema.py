"""What it says to nbgrader has a version that does not exist, or none.

covers: forged schema
"""


def submit(folder, notebook, fill):
    for place, cell in enumerate(notebook.cells):
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = (0, 1, 99, "x")[place % 4]
    return notebook
