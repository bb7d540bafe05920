"""The file has no bytes.

covers: empty
graded: no
says: empty
"""


def submit(folder, notebook, fill):
    (folder / "a1_convolution_1d.ipynb").touch()
