"""The notebook says that it comes from the future.

covers: forged schema
graded: no
says: format 99
"""

import json

import nbformat


def submit(folder, notebook, fill):
    future = json.loads(nbformat.writes(notebook)) | {"nbformat": 99}
    (folder / "a1_convolution_1d.ipynb").write_text(json.dumps(future))
