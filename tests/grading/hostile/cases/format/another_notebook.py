"""A notebook, and a sound one, of something else.

covers: renamed notebook
graded: no
says: another
"""

from nbformat.v4 import new_code_cell, new_notebook


def submit(folder, notebook, fill):
    return new_notebook(cells=[new_code_cell("1 + 1")])
