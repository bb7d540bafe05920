"""Hands in a numpy.py beside the notebook, in which every comparison comes out well.

covers: shadow modules
loses: pad
"""


def submit(folder, notebook, fill):
    (folder / "numpy.py").write_text(
        "def __getattr__(name):\n    return lambda *args, **kwargs: True\nprint('@won@')\n"
    )
    fill(notebook, "pad", "def pad(x, left, right, mode):\n    return x\n")
    return notebook
