"""An old editor saved the file as Latin-1.

covers: UTF-16
says: not UTF-8
"""

import nbformat


def submit(folder, notebook, fill):
    notebook.cells[1].source += "\nHerzschläge, ça bat"
    text = nbformat.writes(notebook).encode("latin-1", errors="replace")
    (folder / "a1_convolution_1d.ipynb").write_bytes(text)
