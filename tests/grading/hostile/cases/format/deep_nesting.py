"""A hundred thousand brackets.

covers: truncated
graded: no
says: deep
"""


def submit(folder, notebook, fill):
    (folder / "a1_convolution_1d.ipynb").write_text("[" * 100_000 + "]" * 100_000)
