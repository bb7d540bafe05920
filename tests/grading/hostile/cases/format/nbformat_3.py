"""The notebook has the format of ten years ago.

covers: nbformat-3
says: format 3
"""

import json

import nbformat


def submit(folder, notebook, fill):
    old = json.loads(nbformat.writes(nbformat.convert(notebook, 3), version=3))
    (folder / "a1_convolution_1d.ipynb").write_text(json.dumps(old))
