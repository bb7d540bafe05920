"""Asks for a kernel that is not there, in a language that is not Python.

covers: forged kernelspec
says: kernelspec
"""


def submit(folder, notebook, fill):
    notebook.metadata.kernelspec = {"name": "../../bin/sh", "display_name": "x", "language": "bash"}
    notebook.metadata.language_info = {"name": "bash", "file_extension": "/../../x", "mimetype": 5}
    return notebook
