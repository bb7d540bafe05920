"""An editor saved the file as UTF-16.

covers: UTF-16
says: UTF-16
"""

import nbformat


def submit(folder, notebook, fill):
    (folder / "a1_convolution_1d.ipynb").write_bytes(nbformat.writes(notebook).encode("utf-16"))
