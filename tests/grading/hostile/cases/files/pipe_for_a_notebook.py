"""In the notebook's place lies a named pipe: whoever opens it waits for ever.

covers: special files
graded: no
says: pipe|regular file|not a file
"""

import os


def submit(folder, notebook, fill):
    os.mkfifo(folder / "a1_convolution_1d.ipynb")
