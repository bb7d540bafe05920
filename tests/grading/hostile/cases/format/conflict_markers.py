"""Two versions were merged, and nobody looked.

covers: conflict-marked
graded: no
says: conflict
"""

import nbformat


def submit(folder, notebook, fill):
    text = nbformat.writes(notebook)
    half = text.index("\n", len(text) // 2) + 1
    marked = f"{text[:half]}<<<<<<< HEAD\n{text[half:]}=======\n{text[half:]}>>>>>>> mine\n"
    (folder / "a1_convolution_1d.ipynb").write_text(marked)
