"""A picture under the notebook's name.

covers: truncated
graded: no
says: not JSON|not a notebook
"""


def submit(folder, notebook, fill):
    (folder / "a1_convolution_1d.ipynb").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
