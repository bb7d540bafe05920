"""The notebook has another name, as browsers give to a second download.

covers: renamed notebook
says: renamed|named|called
"""

import nbformat


def submit(folder, notebook, fill):
    nbformat.write(notebook, folder / "a1_convolution_1d (1).ipynb")
