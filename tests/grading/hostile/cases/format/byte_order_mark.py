"""An editor put a byte-order mark in front.

covers: UTF-16
says: byte-order mark
"""

import nbformat


def submit(folder, notebook, fill):
    (folder / "a1_convolution_1d.ipynb").write_bytes(nbformat.writes(notebook).encode("utf-8-sig"))
