"""The upload stopped half-way.

covers: truncated
graded: no
says: cut off
"""

import nbformat


def submit(folder, notebook, fill):
    text = nbformat.writes(notebook)
    (folder / "a1_convolution_1d.ipynb").write_text(text[: len(text) // 2])
