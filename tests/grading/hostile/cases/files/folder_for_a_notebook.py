"""In the notebook's place lies a folder of that name.

covers: special files
graded: no
says: folder|directory|regular file|not a file
"""


def submit(folder, notebook, fill):
    (folder / "a1_convolution_1d.ipynb").mkdir()
