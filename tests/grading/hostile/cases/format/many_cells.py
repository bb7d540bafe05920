"""A hundred thousand cells.

covers: truncated
graded: no
says: cells
"""

import json

import nbformat


def submit(folder, notebook, fill):
    raw = json.loads(nbformat.writes(notebook))
    raw["cells"] += [{"cell_type": "raw", "metadata": {}, "source": ""}] * 100_000
    (folder / "a1_convolution_1d.ipynb").write_text(json.dumps(raw))
