"""Handed in as a zip whose names climb out of the folder and over the neighbour's notebook.

covers: ../ in an archive
graded: no
"""

import zipfile


def archive(path, notebook):
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("../../../@token@.txt", "over the fence")
        out.writestr("../@neighbour@/a1_convolution_1d.ipynb", "{}")
        out.writestr("/tmp/@token@.txt", "absolute")
