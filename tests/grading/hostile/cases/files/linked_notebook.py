"""The notebook is a symbolic link to the instructor's, solutions and all.

covers: symlinks
graded: no
says: link
"""


def submit(folder, notebook, fill):
    source = folder.parents[3] / "source" / "a1_convolution_1d"
    (folder / "a1_convolution_1d.ipynb").symlink_to(source / "a1_convolution_1d.ipynb")
