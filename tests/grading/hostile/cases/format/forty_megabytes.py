"""A notebook of forty megabytes.

covers: truncated
graded: no
says: MB
"""

import nbformat


def submit(folder, notebook, fill):
    notebook.metadata["widgets"] = "x" * 40_000_000
    nbformat.write(notebook, folder / "a1_convolution_1d.ipynb")
